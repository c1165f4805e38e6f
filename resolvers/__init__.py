"""How a permitted operation becomes SQL and JSON. This room uses no HTTP, no tokens, no clock, no randomness.

changes   what changes the stores: objections, restrictions, suspensions, customer lists, recalls
compile   from an operation to its plan, once for each document and shape of variables
plan      the records that pass between compiling and running
reads     what ordinary resolvers read: the ledger, objections, statistics, the policy
run       from a plan to the answer, for each request
sources   where each field lives: the tables of the stores, and a source for each field
sql       how a plan becomes SQL: the only room that imports SQLAlchemy
stores    connections to the stores: the only room that imports asyncpg
universe  the policy as SQL: views and roles, and the check that a store holds exactly these
"""
