"""The content of messages, which no purpose ever sees.

No schema has a type of this class, and no view reads a column for it. The class exists so that the policy
states what is never shown, not even for audit, subject access or debugging.
"""

from __future__ import annotations

from schema.terms.words import never


@never("body", "(any derivative of content)")
class Message:
    """A message: its text, and anything derived from it, such as a snippet, length, hash or sentiment."""
