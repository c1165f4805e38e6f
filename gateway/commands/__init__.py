"""The groups of commands: each file reads the arguments, does one thing, and prints the result.

tokens          `gateway token`: who may ask, for which purposes, and until when
quotas          `gateway quota`: the quotas of clients that have their own
documents       `gateway documents`: the documents that a client may ask, and what each one discloses
policy          `gateway policy`: the policy as data; no command of it needs a store or a setting
objections      `gateway objection`: record or withdraw a member's objection in both stores
suspensions     `gateway suspension`: a regulator's suspensions, and both stores brought up to date with them
customer_lists  `gateway lists`: match a merchant's customer list, and refresh the store's own numbers
recalls         `gateway recall`: notices to clients that received data whose use a person objects to
ledger          `gateway ledger`: reports on disclosures, and the check that the ledger was not changed
people          people as commands name them, and what a command signs about them
erasure         `gateway erase`: everything of one person that the gateway keeps
output          output of commands: results on standard output, messages on standard error
"""
