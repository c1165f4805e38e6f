"""The types of the schema, each field with its terms.

messenger       the messenger's members, their usage and address books
social          the social network's members, their friends, phone numbers and suggestions
business        businesses and their conversations with customers on both messengers
offers          the topics by which ads are chosen, merchants' offers and their customer lists
customer_lists  the outcomes of uploading a list of customers' phone numbers
subject         what a person may know about themselves
objections      what a person may do about the use of their data, and the outcomes
disclosures     who received whose data, when and for which purpose
privacy         the gateway's own policy: its versions and its matrix
audit           what the data protection officer reads under pseudonyms
statistics      what the data protection officer reads as counts and reports
recalls         notices to clients about people who object to the use of data that the client received
content         the content of messages, which no purpose ever sees
arguments       the arguments that several root fields have in common
"""
