"""How much a client may ask for.

admission  whether a client may ask now: its requests a second, how many at once, of how many people in
cost       how much one request may ask for; it depends on the document and its variables, never on data
table      how much each client may ask for: the table of those for whom another limit was set than for
"""
