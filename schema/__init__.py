"""What may be asked, and on what terms. Knows no database, no HTTP and no clock.

From the policy to a valid operation:

    purposes     the closed list of purposes: who inherits whose objection, which may be objected to
    terms        the words written beside a field: which purposes see it, what an objection does to it
    phones       PhoneNumber: one normal form, keyed hash
    e164         whether a text is a number in that form already, without parsing it
    pages        the plumbing of lists: connections, filters, order
    messenger    the messenger's types, each field with its terms
    social       the social network's types, each field with its terms
    content      what people write: for nobody
    profiles     who may object, and until when
    objections   what a person may do about the use of their data, and what became of it
    offers       topics for ads, merchants, their offers and their customer lists
    lists        what becomes of a customer list
    business     businesses and their conversations on both messengers
    subject      what a person may know about themselves
    privacy      what the gateway says of its own policy
    disclosures  who received whose data
    recalls      who is told that somebody objects; a schema of its own, and no purpose's
    audit        what the data protection officer reads of objections
    figures      what the data protection officer reads in figures, of nobody in particular
    mutation     what may be changed
    query        root fields
    build        one schema for each purpose: the fields that it may see, deny by default
    matrix       field × purpose computed from the terms; its digest; the committed POLICY.md and sdl/
    history      the versions of the policy, each with its digest, author and reason
    refusals     every way to say no, with its stable code
    operations   text and purpose → validated operation, or a refusal
    reach        what an operation could tell, field by field, with the marks of the matrix

A privacy officer reads POLICY.md, then messenger and social.
"""
