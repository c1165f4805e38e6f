"""From a plan to the answer, for each request.

graphql_core   mutations, and the few questions that are not planned: run by graphql-core, ordinary reso
introspection  introspection, answered by graphql-core on the purpose's own schema: there is no other wo
people         whom ordinary resolvers told of: noted by those who read it, for the ledger
run            runs a plan's waves and fills the holes
sharded_list   A list of a sharded store, put together here from rows of keys
subjects       who stands in a text: the marks of its objects, taken out and read
suggestions    what is kept of suggestions from one wave to the next; and of sharded stores, the ranking
"""
