"""A slow executor that is obviously right: graphql-core over the oracle's masked world.

It shares two things with the gateway: the purpose's schema, and the sealing of cursors. It says a second
time what a cursor holds, what a cursor is sealed for, where a page begins and ends, and what is refused.

schema.py    the lists of the schema, their types and identifiers
values.py    accounts, links and pages, as resolvers hand them on
lists.py     filters, orders, pages and cursors
fields.py    one function for each field
mistakes.py  what is refused
executor.py  the answer to a document
"""
