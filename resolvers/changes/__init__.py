"""Changes of the stores: objections, restrictions, suspensions, customer lists, recalls.

objections      records and withdraws objections, and makes both stores hold them before it returns
restrictions    writes the restrictions in force for a member into both stores; their only writer
copies          compares restrictions with their copies on rows, and repairs the copies
suspensions     suspensions by jurisdiction, and the reconciliation of both stores with what is in force
preferences     the objections of one principal, for the resolvers of `schema/`
pseudonyms      pseudonyms for audit: one name for each person who objected, which leads to nothing else
recalls         issues recall notices, reads them, and acknowledges them
customer_lists  matches a merchant's list of customers' numbers inside the store
"""
