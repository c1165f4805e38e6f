"""From an operation to its plan, once for each document.

bind              binds each selected field to its source, and cuts where the answer hops
cache             plans already made, by purpose and document; the least recently used go first
compiler          (operation, purpose, shape of variables) → plan: one list of passes
context           what each purpose's plans are made in: its schema, the sources, its cursors' binding
cost              where the walk over an operation stands, and what its parts may touch
list_arguments    what the arguments of a list say: which rows, in which order, which part of them
own_rows          binds the root that is one person's own: each of its fields to the token's key
policy_text       the policy's version as JSON text, known when the plan is made
selection         what an operation selects: fragments spread, directives applied, fields of one key mer
subjects          who is named where in an answer: noted while a plan is made, read off while one is giv
suggestion_waves  the waves in which suggestions are found
"""
