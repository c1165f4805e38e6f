"""Connections to the stores: the only room that imports asyncpg.

deadlines          deadlines of one length for many things at once, with one timer for all of them
pool               the connections to the stores: one pool for each store and purpose; the only importer
serial_connection  one connection for statements that are each a transaction of their own, opened anew a
"""
