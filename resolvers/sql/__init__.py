"""How a plan becomes SQL: the only room that imports SQLAlchemy.

json_text       how values become JSON text in SQL: pieces of literal text and expressions, joined by ``
page            how a connection becomes one JSON text: an aggregate over at most one page of rows
row             A row in FROM, while the text of its object is rendered
statement       bound trees become statements of SQLAlchemy Core expressions
suggestion_sql  each step of suggestions as a statement; which there are says `compile/suggestion_waves.
"""
