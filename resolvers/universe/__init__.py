"""The policy as SQL: views and roles, and the check that a store holds exactly these.

migrations         bring a store's tables up to date: each numbered file of `ddl/<store>` once, in order
readings           what each purpose reads of each relation, field by field
views              the view that each purpose has of each relation, and whose rows a bound token sees there
barriers           row security under the views, so that no condition is computed on a hidden row
closing            what a superuser closes to the logins in Postgres' own catalogue
roles              the roles that write: one login for each kind of change and database, with no other rights
render             the SQL of all universes of a store: a schema of views and a role for each purpose
difference         one thing in a store that differs from what its universes must be
inspection         compares a store with what its universes must be, at start-up and for the doctor
effect             whether what a store has still does what the promises rest on
proof              the certificate: what each universe reaches, read twice, compared with the policy's table
writer_inspection  compares the rights of the roles that write with what `roles.py` gives them
provenance         where a field lives, for people who ask: its line in the code, and what its purpose reads
"""
