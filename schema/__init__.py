"""What may be asked, and on what terms. Knows no database, no HTTP and no clock.

    build             one GraphQL schema for each purpose, out of the same types: deny by default
    disclosed_fields  what an operation tells under a purpose, field by field: for people who review it befo
    mutation          the changes that a client may ask for. Each exists under one purpose alone
    operations        text and purpose → a validated operation, or a refusal
    policy            what the marks beside the fields say in all: one matrix, its digest, its versions
    purposes          the closed list of purposes: whose objection each inherits, and which may be objected
    query             root fields. Each exists only in the universes that see rows of what it leads to
    refusals          every way to say no, with its stable code
    terms             the words written beside a field, and who may object
    types             the types of the schema, each field with its terms
    values            values that several types share: phone numbers, and the plumbing of lists

A privacy officer reads policy/POLICY.md, then types/messenger and types/social.
"""
