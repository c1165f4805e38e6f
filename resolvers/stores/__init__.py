"""Connections to the stores: the only room that imports asyncpg.

pool               one pool of connections for each store and purpose, and single connections
session            one connection of a pool, with its prepared statements
serial_connection  one connection for a single task, opened again after a failure
gate               whether a store is verified, so that its connections may be used
incarnation        which server and database answers on a connection
deadlines          many deadlines of equal length, with one timer
"""
