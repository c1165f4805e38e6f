"""The types of the schema, each field with its terms.

audit           what the data protection officer reads under pseudonyms: objections, accepted terms, not
business        businesses and their talks with customers on both messengers, each field with its terms
content         what people write to each other: for nobody, whatever the purpose
customer_lists  what becomes of a list of customers' numbers that a merchant uploads
disclosures     who received whose data, for what, when: to the person whose data it was, and to audit u
messenger       the messenger's types, each field with its terms
objections      what a person may do about the use of their data, and what became of it
offers          what ads are chosen by, and merchants' offers, each field with its terms
privacy         what the gateway says of its own policy: its version to everybody, all of it to who audi
recalls         recalls: who received a person's data for what that person objects to is told, and says
social          the social network's types, each field with its terms
statistics      what the data protection officer reads in figures: answers by day, objections over time,
subject         what a person may know about themselves: their accounts, their objections, the terms, su
"""
