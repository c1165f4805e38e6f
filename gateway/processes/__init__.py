"""The processes of `gateway serve`.

serve    the HTTP server of one process, and a stop that lets requests in flight finish
workers  several processes on one port, and the one that starts, watches and stops them
"""
