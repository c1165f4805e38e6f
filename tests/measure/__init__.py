"""Figures of a checkout, and the checks of `make check` that no linter has.

__main__   the command: `python -m tests.measure`, one table or two checkouts side by side
figures    every figure, in the order of the table
findings   what the house forbids, each with its place and what to write instead
imports    cycles between siblings, at every level of the package tree
checkout   the files of a checkout, parsed once
words      retired words and names, each with its replacement, and the exceptions
"""
