"""HTTP: from bytes to what was asked, and from an answer to bytes.

connections  bounds on connections, and the fast path within uvicorn
graphql      POST, GET /graphql: one request from its head to the bytes of its answer
requests     from an ASGI request to what was asked: the GraphQL-over-HTTP specification, September 2026
responses    from an outcome to the bytes of an HTTP response, and the one table from a refusal to its status
tally        refused and slow requests, counted in the process and written to `control` once a minute
uploads      POST /lists: a customer list as CSV, read as it arrives and never held whole
"""
