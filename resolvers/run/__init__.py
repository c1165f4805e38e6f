"""From a plan to the answer, for each request.

run            runs a plan's waves
fill           the texts of one answer while its plan runs, and how their holes are filled
sharded_list   puts a list of a sharded store together from rows of keys
suggestions    keeps what the steps of suggestions find, and ranks them for sharded stores
subjects       reads and removes the marks in a text that name the people its objects are about
introspection  introspection: graphql-core answers it on the purpose's own schema
graphql_core   runs mutations, and the few root fields that no plan answers, with ordinary resolvers
people         the people disclosed by ordinary resolvers; each resolver notes them for the ledger
"""
