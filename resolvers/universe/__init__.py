"""The policy as SQL: views and roles, and the check that a store holds exactly these.

difference         one thing in a store that differs from what its universes must be
inspection         compares a store with what its universes must be, at start-up and for the doctor
migrations         the stores' tables, brought up to date: each numbered file of `ddl/<store>` once, in order
provenance         where a field lives, for people who ask: its line in the code, and what its purpose reads f
render             the policy as SQL: for each store and purpose a schema of views, and a role that reads thos
roles              the roles that write: for each kind of change and database one login, which may do that and
views              what each purpose reads of each relation: computed from the terms of fields and the places
writer_inspection  compares the rights of the roles that write with what `roles.py` gives them
"""
