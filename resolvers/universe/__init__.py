"""The policy as SQL: views and roles, and the check that a store holds exactly these.

inspection  what stands in a store against what its universes must be
migrations  the stores' tables, brought up to date: each numbered file of `ddl/<store>` once, in order
provenance  where a field lives, for people who ask: its line in the code, and what its purpose reads fo
render      the policy as SQL: for each store and purpose a schema of views, and a role that reads those
roles       the roles that write: for each kind of change and database one login, which may do that and
views       what each purpose reads of each relation: computed from the terms of fields and the places t
"""
