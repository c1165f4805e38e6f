"""Who is asking, and how much; what a person at a terminal can do.

A request, from its first byte to its last:

    wire       bounds on heads, time and connections; an answer in one write
    graphql_http  one request over HTTP, from its head to its answer
    app        routes, and the only place where parts are wired together
    endpoints  where each role connects, and whether it may
    requests   from an ASGI request to what was asked
    uploads    a customer list as CSV, read as it arrives
    tokens     who asks, and for which purpose
    identity   the same of a company's identity provider: whose a JWT is
    keyring    that provider's public keys, fetched and replaced
    token_text  the form of a token, and what the store knows of it
    token_use  when each was last used
    tally      refused and slow requests, counted
    minutely   what is written once a minute
    quotas     how much each client may ask for
    admission  whether it may ask now: requests a second, at once, people in an hour; kept to by all processes
    rotation   another token in one's place, and who is told in time
    documents  whether the client may ask this document; documents named by their hash
    registrations  the control store's tables of documents
    following  what is known of the control store, never for longer than it is true
    answer     a request's whole life, in order
    ledger     who was told what of whom: durable before the answer leaves
    references  under which reference the ledger knows whom
    together   work that many ask for at one moment, done for all at once
    chain      how its entries hang together, and how far it had come, signed
    verification  whether the ledger is what was written, and what is wrong, where
    replay     what was told, judged again by the policy that the entry names
    reports    who received what of whom: a person's report, and the officer's questions
    reporting  the officer's questions, for whoever asks under AUDIT
    processing  the record of processing activities, made from the policy
    retention  what ends: old entries, and the link between a person and theirs
    recalls    the desk at which clients read the notices addressed to them
    recall_http  the same over HTTP, and as server-sent events
    recall_socket  the same over WebSockets
    console    a page for people: GraphiQL that knows purposes, the policy and the ledger as pictures
    keeper     both stores hold what is in force: at the start, and every few seconds
    limits     how much one request may ask for
    responses  from an outcome to bytes; the one table from a refusal to its status
    logs       lines without personal data

A command, from the terminal to its exit status:

    __main__   `python -m gateway`
    cli        the commands
    commands   how they speak, and those that come in groups
    settings   one frozen record, read once
    policy     the matrix as a table, as CSV and as a page; what differs between two policies
    review     for which purposes a document is valid, and what it tells of whom
    review_forms  the same as a table, as JSON and as a page
    explanation  why a purpose sees a field or does not, where that stands, what proves it
    workers    several processes on one port, started, watched and stopped by one
    serve      the HTTP server, and a stop that lets requests finish
    bindings   what a token is bound to, from the command line's words
    doctor     what must agree in every store
    demo       the whole system on one machine, with made-up people
    progress   what the terminal shows meanwhile
    problems   what stops a command, in words for a person
"""
