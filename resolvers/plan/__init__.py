"""The records that pass between planning and running.

cursors      sealed cursors: an item's place in one list, readable by this gateway alone
groups       how many entries of a list share a value: a count by what stands in a column, small groups
parameters   from a request's variables to the parameters of a plan's statements
principal    what a token is bound to, and how it reaches a statement
subjects     the records that say whom an answer is about; frozen, without behaviour
suggestions  the records of suggestions that pass between planning and running; frozen, without behaviou
tree         the records that pass between the stages of planning and running; frozen, without behaviour
"""
