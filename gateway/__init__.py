"""Who is asking, and how much; what a person at a terminal can do.

__main__   the command `gateway`, also as `python -m gateway`
access     who asks: tokens, JWTs, and the principal for whom a token speaks
answer     A request's whole life, in order
app        the HTTP application: routes, and the wiring of the parts that each request passes
cli        the command `gateway`: each command reads the settings, does one thing, and says what it did
commands   the groups of commands: each file reads what was typed, does one thing, and says what it did
console    the console: GraphiQL that knows purposes, and the policy and the ledger as pictures
control    what the gateway keeps of the control database, and how it writes to it
demo       `gateway demo`: the whole system on one machine, with made-up people
documents  trusted documents: which text a client may ask, and its review before it is asked
installed  whether the three packages of this installation are ours
ledger     the access ledger: written, verified, reported, and ended
policy     the policy for people: tables, and why a purpose sees a field
processes  the processes of `gateway serve`
quotas     how much a client may ask for
recalls    notices to clients that received data to whose use the person objects
settings   the settings: one frozen record, read once from the environment and a file, printable
terminal   what a person at a terminal sees: problems, progress, log lines
upkeep     what keeps the stores in step with the control database, and says what is wrong
web        HTTP: from bytes to what was asked, and from an answer to bytes
"""
