"""Data for the resolvers of `schema/`: the ledger, objections, statistics, the policy.

disclosures  the access ledger: a subject's own entries, or all entries under references for audit
audit        objections, accepted terms and recalls, for the data protection officer
statistics   counts of disclosures, people, objections and requests, for the data protection officer
policies     the running policy, the recorded versions, and the matrix of each
"""
