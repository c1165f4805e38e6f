"""The console: GraphiQL that knows purposes, and the policy and the ledger as pictures.

build   build the page: npm and Vite, once. What was built stays until its source changes
facts   what the page asks beside GraphQL. Nothing of it is about a person
files   the page and all that it loads, as they were built; nothing comes from anywhere else
routes  the routes of the console
wheel   the page in the wheel: built before setuptools collects files. Not for an editable install
"""
