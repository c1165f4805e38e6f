"""Random valid documents in the schema of a purpose, with variables.

A writer walks the schema. It decides the value of each argument first and how to write it second, and then
rearranges what it wrote in ways that do not change its meaning: repeated fields, fragments, directives. A
few requests are wrong on purpose (a foreign cursor, a negative size), because refusals must agree too.

known.py      what there is to name in a world: identifiers, phone numbers, cursors
spelling.py   how a value is written: as a literal or as a variable
arguments.py  which arguments a field is given
writer.py     the selections of a request, and the request
"""
