"""Trusted documents: which text a client may ask, and its review before it is asked.

registered    the tables of documents in the control store: document, client and mode
review        A document reviewed before it is asked: for which purposes it is valid, and what it tells
review_forms  A review of documents for the privacy team: as a table, as JSON, and as a page to print
trusted       trusted documents: which text a request runs, and whether its client may run it
"""
