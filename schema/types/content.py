"""What people write to each other: for nobody, whatever the purpose.

No type of any schema is made of this class, no column of any view is read for it. It stands here so that
the policy says aloud what is never shown: to audit, subject access and debugging neither.
"""

from __future__ import annotations

from schema.terms.words import never


@never("body", "(any derivative of content)")
class Message:
    """A message: its text, and snippet, length, hash, language, sentiment, the name of an attachment."""
