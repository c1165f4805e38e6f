"""Who asks, for what, and how much; the record of every answer; the commands for a person at a terminal.

A request, from its first byte to its last:

    app        the HTTP application: its routes, and the only place where parts are wired together
    web        HTTP: from bytes to a request, and from an answer to bytes
    answer     a request's whole life, in order
    access     who asks: tokens, JWTs, and the principal that a token speaks for
    quotas     how much a client may ask for
    documents  trusted documents: which text a client may ask, and its review before it is asked
    ledger     the access ledger: written, verified, reported, ended
    recalls    notices to clients that received data to whose use the person objects
    console    the console: GraphiQL that knows purposes, and the policy and the ledger as pictures

Behind the requests:

    control    what the gateway keeps of the control database, and how it writes to it
    upkeep     what keeps the stores in step with the control database, and says what is wrong
    processes  the processes of `gateway serve`

A command, from the terminal to its exit status:

    __main__   the command `gateway`, also as `python -m gateway`
    installed  the check that the three packages of this installation are ours
    cli        the single commands, and the groups of the others
    commands   the groups of commands: each file reads the arguments, does one thing, and says what it did
    settings   the settings: one frozen record, read once from the environment and a file, printable
    policy     the policy for people: tables, and why a purpose sees a field
    terminal   what a person at a terminal sees: problems, progress, log lines
    demo       `gateway demo`: the whole system on one machine, with made-up people
"""
