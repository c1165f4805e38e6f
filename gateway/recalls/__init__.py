"""Notices to clients that received data to whose use the person objects.

desk            the desk at which clients read the notices addressed to them: who asks → what → recorded
over_http       POST, GET /recalls: the notices over HTTP; a subscription as server-sent events
over_websocket  /recalls over a WebSocket, as the protocol graphql-transport-ws says; no other one is sp
"""
