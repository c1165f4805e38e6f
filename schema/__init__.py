"""What may be asked, and on what terms. Knows no database, no HTTP and no clock.

    purposes          the closed list of purposes, and the objection that covers each
    refusals          every refusal, with its stable code
    insides           what depends on how Strawberry and graphql-core work inside
    terms             the words written beside a field, and who may object
    values            values that several types share: scalars, enums, and the parts of lists
    types             the types of the schema, each field with its terms
    query             the root fields; each exists only for purposes that see rows of the type it leads to
    mutation          the changes that a client may request; each exists under one purpose alone
    build             one GraphQL schema for each purpose, built of the same types: deny by default
    operations        text and purpose → a validated operation, or a refusal
    disclosed_fields  the fields that an operation discloses under a purpose, for people who review it
    policy            the matrix that the marks beside the fields make, its digest and its versions

A privacy officer reads policy/POLICY.md, then types/messenger and types/social.
"""
