"""The access ledger: written, verified, reported, and ended.

record             writes an entry for every answer, durable before the answer leaves
references         random ledger identifiers for people, cached
commitments        the person behind a reference, as part of the proof
chain              the proof of the ledger: hash chains of entries, and signed checkpoints
checkpoints        the signed heads of streams, as lines to be published
publishing         publishes them to a file or a command
verify             verifies every hash, number and signature, and reports each discrepancy
verify_people      verifies the people behind the references
replay             checks entries against the policy version that each of them names
reports            reports of one person, of one client, and for the data protection officer
officer_reports    the data protection officer's reports, for requests under AUDIT
processing_record  the record of processing activities, from the policy and the live tokens
retention          drops old entries, and deletes the link between a person and their entries
"""
