"""The processes of `gateway serve`.

serve    the HTTP server: a port, the gateway behind it, and a stop that lets requests in flight finish
workers  several processes on one port: each is a whole gateway; one more starts, watches and stops them
"""
