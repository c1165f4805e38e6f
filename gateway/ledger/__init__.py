"""The access ledger: written, verified, reported, and ended.

chain       the proof of the ledger: how entries hang together, and how far a stream had come, signed
officer     the officer's questions of `reports.py`, for whoever asks under AUDIT over the network
processing  the record of processing activities, made from the policy and from who holds a token (GDPR A
record      the access ledger: who was told what of whom, for what, durable before the answer leaves
references  under which reference the ledger knows whom: drawn by lot, looked up once, then kept in memo
replay      what the ledger says was told, judged again by the policy that it names (I44)
reports     who received what of whom: one person's report, one client's, and the data protection office
retention   what ends: the time of old entries, and the link between a person and theirs
verify      whether the ledger is what was written: every hash, number and signature; and what is wrong,
"""
