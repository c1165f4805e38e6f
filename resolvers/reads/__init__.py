"""What ordinary resolvers read: the ledger, objections, statistics, the policy.

audit        what the data protection officer reads of objections and accepted terms, from the universes
disclosures  the access ledger as answers: to a person the entries that name them, to audit all, under r
policies     the policy as answers: the version that runs, those that were recorded, and each one's matr
statistics   what the data protection officer reads in figures, from the universe of AUDIT: counts, nobo
"""
