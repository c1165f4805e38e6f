"""The groups of commands: each file reads what was typed, does one thing, and says what it did.

customer_lists  `gateway lists`: match a merchant's customer list, and keep the store's own numbers read
documents       `gateway documents`: which documents a client may ask; what they tell, before they are a
ledger          `gateway ledger`: who was told what of whom; and that what is written there is what was
objections      `gateway objection`: record or withdraw a member's objection, and make sure of both stor
policy          `gateway policy`: the policy as data to look at. None of these needs a store or a settin
quotas          `gateway quota`: how much each client may ask for, where that differs from what everybod
recalls         `gateway recall`: notices to clients that received what somebody objects to since
suspensions     `gateway suspension`: what a regulator suspended, where and how long; and both stores fo
terminal        how commands speak: results on standard output, all else on standard error; examples bel
tokens          `gateway token`: who may ask, for which purposes, and until when
"""
