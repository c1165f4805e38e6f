"""Values that several types share: phone numbers, and the plumbing of lists.

e164    whether a text is a number in its one normal form already, told without parsing it
paging  the plumbing of lists: Relay's connections, the words for filters and order
phones  phoneNumber: one normal form, and a keyed hash for where the number itself must not stand
"""
