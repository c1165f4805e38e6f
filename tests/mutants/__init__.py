"""Deliberately broken builds, each of which must fail a test.

broken.py     what is broken in each, as one exact change of a source file
plugin.py     makes that change in the process of a pytest run (`-p tests.mutants.plugin`)
__main__.py   runs the tests against each: `python -m tests.mutants`
"""
