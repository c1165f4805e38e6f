"""The bench: the gateway against hand-written code, bare SQL and an ordinary GraphQL server.

In the order of a run:

    __main__       the command line
    data           the stores, generated once and kept in `.bench/`
    scenarios      the questions, and why the requirement's third is asked in two
    under_test     the gateway's settings, its token, the statements that its compiler writes
    handwritten    (b) bare ASGI with the best hand-written SQL
    dataloaders    (c) an ordinary Strawberry server; (c+) the same with its caches
    servers        all as processes, and the requests that they get
    load, bare     the load over HTTP; (a) the gateway's statements without HTTP
    process_costs  CPU of processes and of Postgres, memory
    comparison     equal answers, then interleaved rounds
    statements     what the statements cost in Postgres alone, on views and on raw tables
    without        the gateway without its ledger or its quotas, as what it is compared with
    parts          what the ledger costs, and what the quotas, on against off
    lookup         one person's entries in a ledger of 100 million
    cold_and_long  documents seen for the first time; memory over 100,000 requests
    report         goals, tables, JSON, plot
    growth         buffers at 10,000, 100,000 and 1,000,000 accounts
"""
