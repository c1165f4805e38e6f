"""How a plan becomes SQL: the only room that imports SQLAlchemy.

statement       renders the fetches of one statement as SQL
tree_text       how a bound tree becomes the SQL of one JSON text
suggestion_sql  renders each step of suggestions as a statement
page            how a connection becomes one JSON text: an aggregate over at most one page of rows
row             a row in FROM, while the text of its object is rendered
scope           what the parts of one statement share: its aliases and its parameters
json_text       how values become JSON text in SQL: pieces of literal text and expressions
"""
