"""Connections to the stores: the only room that imports asyncpg.

pool               one pool of connections for each store and purpose, and single connections
serial_connection  one connection for a single task, opened again after a failure
deadlines          many deadlines of equal length, with one timer
"""
