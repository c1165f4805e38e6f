"""How the gateway caches the control database, and how it writes to it.

cache         a cache of the control database that refuses to answer once it is stale
group_commit  group commit: concurrent calls share one batch
periodic      writes what the process has collected, once a minute and when it stops
"""
