"""How much a client may ask for.

table     the quota of each client: the settings' default, and the table of clients with limits of their own
requests  requests a second and places at once: whether a client may send a request now
cost      how many rows one request may touch
deadline  how long one request may take once it has arrived
people    the people whose data a client may receive in an hour
"""
