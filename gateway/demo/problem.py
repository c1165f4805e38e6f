"""What stops the demo, in words for the person at the terminal."""

from __future__ import annotations


class DemoProblem(Exception):
    """Why the demo cannot go on and what to do, as one line for the person at the terminal."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
