"""Connections: their bounds, and the fast path within uvicorn.

fast_path       the choice: uvicorn's inside if its version is known, and otherwise what uvicorn documents
uvicorn_inside  what depends on how uvicorn works inside: a protocol with bounds, and an answer in one write
known_heads     the heads that came before on one connection, so that no parser reads the same bytes twice
bounds          the size of a head, the time that a request may take to arrive, the number of connections
"""
