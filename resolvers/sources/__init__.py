"""Where each field lives: the tables of the stores, and a source for each field.

catalogue  every table of all stores: what each column holds, how rows are placed, how an objection reaches it
words      the words for saying where a field lives; a field's resolver is one of them
messenger  the sources of the messenger's types
social     the sources of the social network's types
business   the sources of businesses and their conversations
offers     the sources of merchants, their offers and their customer lists
subject    the sources of a person's own data
plain      the source of a field that is a column of its type's own table, which needs no entry
fields     all sources in one place, and the check that every field has exactly one
"""
