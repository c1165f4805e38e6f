"""Values that several types share: scalars, enums, and the parts of lists.

phones   phone numbers: one normal form, and a keyed hash for places that must not hold the number
e164     whether a text is surely a number in its normal form, without parsing it
scalars  the custom scalars of all schemas: what each accepts, and where it is specified
enums    enums whose every value has a description
paging   the parts of lists: Relay's connections, filters and orders
"""
