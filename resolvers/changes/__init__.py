"""What changes the stores: objections, restrictions, suspensions, customer lists, recalls.

customer_lists  matches a merchant's list of customers' numbers: read as it arrives, hashed, judged insi
objections      the only writer of objections: an event in `control`, and its fold in both stores, befor
preferences     the objections of one token's subject, for the resolvers of `schema/`: each call on conn
pseudonyms      pseudonyms for audit: who recorded something has one name there, which leads to nothing
recalls         recalls in the store: notices are issued by whoever keeps the stores, and read by those
restrictions    the only writer of restrictions: what is in force for a member, in both stores
suspensions     suspensions by jurisdiction, and the bringing of both stores to what is in force
"""
