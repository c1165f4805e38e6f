"""Whether what a store has still does what the promises rest on: effect, not presence.

declared    the functions and triggers that the migrations create, read from their files
functions   compares the store's functions, triggers, rules and row security with them
unescaped   the CHECKs behind the values that SQL writes into JSON text without escaping
settings    settings of the database, its roles and the session that would undo what binds
outside     privileges of the roles on anything outside their universes
probe       looks for made-up people who objected, under each objectable purpose
"""
