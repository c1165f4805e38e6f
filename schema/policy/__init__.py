"""What the marks beside the fields say in all: one matrix, its digest, its versions.

history  the versions of the policy: what each says, since when, by whom and why; and what regulators su
matrix   the policy in one table, field × purpose, computed from the terms; its digest; the committed fi
"""
