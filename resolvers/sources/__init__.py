"""Where each field lives: the tables of the stores, and a source for each field.

business   where each field of businesses and their conversations lives. See also `schema/types/business
catalogue  every table of all stores: what each column is, how rows are placed, how an objection reaches
fields     all resolvers in one place, and the check that every field has exactly one
messenger  where each field of the messenger's types lives. The terms stand in `schema/types/messenger.p
offers     where each field of merchants, their offers and their lists lives. The terms stand in `schema
social     where each field of the social network's types lives. The terms stand in `schema/types/social
subject    where what is one person's own lives. The terms stand in `schema/types/subject.py`
words      the words for saying where a field lives. A field's resolver is one of them
"""
