"""The caller of a request: tokens, JWTs, and the principal on whose behalf a token acts.

tokens      the table of token hashes, and the book that finds the caller of a token
token_text  the text of a token: its form and its checksum
token_use   when each token was last used, written to `control` once a minute
rotation    replaces a token, with an overlap in which both work, and warns before a token ends
principal   finds the principal that the command line's options name
jwt         accepts JWTs of an identity provider instead of tokens
jwks        the identity provider's public keys, cached and refreshed
"""
