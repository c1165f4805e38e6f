"""Deliberately broken builds, each of which must fail a test.

schema/, resolvers/, gateway/   the mutants of each room, one file for each promise that they break
edits.py       how a mutant changes the source: by symbol and syntax, not by the text's layout
catalogue.py   all mutants by name
plugin.py      makes the changes in the process of a pytest run (`-p tests.mutants.plugin`)
__main__.py    runs the tests against each mutant: `python -m tests.mutants`
"""
