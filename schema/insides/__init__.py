"""What depends on how other packages work inside. Each file names the versions for which it is written.

graphql_core_inside  the budget of the one rule of validation that is not linear
strawberry_inside    a schema with some of the fields of its types, and what Strawberry makes of it
"""
