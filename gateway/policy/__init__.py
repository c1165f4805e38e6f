"""The policy for people: tables, and why a purpose sees a field.

explanation  why a purpose sees a field or does not: the rule in words, its place in the code, its tests
tables       the policy to look at: the matrix as a table, as CSV and as a page to print; two policies
"""
