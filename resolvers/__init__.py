"""How a permitted question becomes SQL and JSON. Knows no HTTP, no tokens, no clock and no chance.

What is known before any request:

    catalogue      every table of all stores: what each column is, how an objection reaches the rows
    sources        the words for saying where a field lives
    messenger      where each field of the messenger's types lives
    social         where each field of the social network's types lives
    offers         where merchants and their offers live
    business       where businesses and their conversations live
    subject        where what is one person's own lives
    fields         all of them in one place; every field has exactly one
    migrations     the stores' tables, brought up to date from ddl/
    views          what each purpose reads of each relation, and of which it sees its own rows alone
    universe       the policy as SQL: a schema of views and a role for each store and purpose
    inspection     what stands in a store against what its universes must be
    whereabouts    where a field lives, for people who ask
    writers        the roles that write objections and customer lists, and nothing else
    restrictions   what is in force for a member, written to both stores
    pseudonyms     under what name audit sees a member
    disclosures    the access ledger as answers
    recalls        notices to those who received what somebody objects to
    figures        what the data protection officer reads in figures
    audit          objections under pseudonyms, and how many are in force
    objections     the only writer of objections: the event, then its fold in both stores
    suspensions    a regulator's suspensions, and both stores following the calendar
    matching       a merchant's customer list: hashed as it arrives, judged inside the store
    policies       the policy as answers: what runs, and every version that was recorded
    worlds         what each purpose's plans are made in

From an operation to its plan, once for each document:

    cache          plans already made; asks for one more if needed
    compiler       (operation, purpose, shape of variables) → plan: one list of passes
    selection      what the operation selects: fragments spread, directives applied
    parameters     from variables to the parameters of statements
    bound          what a token is bound to, and how it reaches a statement
    cursors        sealed places in a list
    lists          what the arguments of a list say
    binding        each selected field bound to its source, cut where the answer hops
    belongings     the root that is one person's own, bound to the token's key
    mentions       where an answer names people, and what it tells of them
    walk           where the walk over an operation stands, and what it may touch
    steps          the waves in which suggestions are found
    plan           the frozen records that pass between all these
    suggested      the same, of suggestions
    sql            bound trees become statements
    pages          a connection as one JSON text
    circles        each step of suggestions as a statement
    groups         how many entries of a list share a value
    rows           a row in FROM, while its text is rendered
    spelling       values as JSON text in SQL

From a plan to the answer, for each request:

    mutations      changes, run by graphql-core, ordinary resolver by resolver
    people         whom ordinary resolvers told of
    preferences    the objections of one token's subject
    introspection  answered on the purpose's own schema
    run            the plan's waves, one statement for each store, and the holes filled
    assembly       a list of a sharded store, put together from rows of keys
    suggestions    what is kept of suggestions from one wave to the next
    stores         the pools, one for each store and purpose; the only importer of asyncpg
    lines          one connection for statements that are each a transaction
    patience       deadlines of a pool's connections, with one timer
"""
