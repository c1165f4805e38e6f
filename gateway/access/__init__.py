"""Who asks: tokens, JWTs, and the principal for whom a token speaks.

jwks        the public keys of an identity provider: fetched, kept for a while, replaced as it replaces
jwt         JWTs of a company's identity provider, instead of tokens (OpenID Connect, RFC 7519, RFC 9068
principal   from the command line's words to what a token is bound to, checked against the stores
rotation    A token's end: another in its place, with an overlap in which both work, and a warning in ti
token_text  the text of a token: `gw_`, 43 base62 digits (256 random bits), 6 base62 digits (the CRC-32
token_use   when each token was last used: kept in the process, written to `control` once a minute
tokens      tokens: the table of their hashes, and the book that says whose a token is
"""
