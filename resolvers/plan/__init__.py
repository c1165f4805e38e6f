"""The records that pass between compiling and running.

parameters   from a request's variables to the parameters of a plan's statements
principal    the principal of a token: what it speaks for, and how that reaches a statement
identifiers  identifiers of objects: sealed for one purpose or client, or plain numbers
cursors      sealed cursors: an item's place in one list, readable by this gateway alone
tree         the bound tree: how each selected field is computed
amounts      how much a plan may touch, and how many people it asks about
holes        the control characters that mark holes and people in a JSON text
groups       how many entries of a list share a value of a column; small groups are left out
suggestions  friend suggestions: a list of them, the steps that find it, and what a step is given
fetches      the fetches into which a bound tree is cut, and the slots that they fill
subjects     which people an answer is about, and which fields it gives of them
plan         a plan: its price, its statements in waves, and the answer's root fields
"""
