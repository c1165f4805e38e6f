"""From an operation to its plan, once for each document and shape of variables.

cache           plans made before, by purpose and document
compiler        (operation, purpose, shape of variables) → plan: a list of passes over frozen values
context         the context in which a purpose's plans are made: its schema, its sources and its cursors
collect_fields  the fields of an operation: fragments spread, directives applied, fields of one key merged
selection       the first pass: what an operation selects, with the source and arguments of each field
selected        the frozen tree that it makes
own_rows        selects the root `subject`: each of its fields is found by the key of the principal
list_arguments  reads the arguments of a list: which rows, in which order, which part of them
policy_text     the policy's version as JSON text, known when the plan is made
price           the second pass: the most rows that a selection can touch
bind            the third pass: binds each field to its source, and cuts where the answer hops
subjects        the fourth pass: which people an answer names, and which fields it gives of them
questions       the fifth pass: which people the request asks about, there or not
waves           the sixth pass: groups fetches into waves, and into those that share a statement
"""
