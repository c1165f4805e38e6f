"""Worlds: all rows of all stores as plain records.

rows.py              one record for each table, and the world that holds them
plain.py             values of columns that no record has: a world fills them by itself
possible_values.py   the values that random worlds choose from, hostile texts among them
making.py            random worlds, with many ties
loading.py           a world's rows into the stores
picks.py             one row of many: chosen, removed, replaced
business_changes.py  random changes of messages, businesses, offers and customer lists
changes.py           all random changes of a world
pairs.py             worlds that a purpose cannot tell apart
"""
