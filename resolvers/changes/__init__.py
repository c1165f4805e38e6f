"""Changes of the stores: objections, restrictions, suspensions, customer lists, recalls.

objections      records and withdraws objections, and makes both stores hold them before it returns
history         the history of objections in `control`, and how far each store follows it
restrictions    writes the restrictions in force for a member into both stores; their only writer
copies          compares restrictions with their copies on rows, and repairs the copies
suspensions     suspensions by jurisdiction, and the reconciliation of both stores with what is in force
verification    compares the stores with the history, and repairs a store that differs
rebuild         what `control` lost when it was restored, from what the stores still hold
preferences     the objections of one principal, for the resolvers of `schema/`
pseudonyms      pseudonyms for audit: one name for each person who objected, which leads to nothing else
recalls         issues recall notices, reads them, and acknowledges them
erasure         erases what the gateway keeps about one person
customer_lists  matches a merchant's list of customers' numbers inside the store
list_budget     the budget of customer lists, for each number and each merchant
"""
