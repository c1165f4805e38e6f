"""A bound on the head of a request: uvicorn's fast parser has none, and reads a head into memory whole.

Without it one client could send headers without end before any token is looked at. A head beyond the
bound ends the connection, as other servers do, with the plain 400 that uvicorn gives to what is no HTTP.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 65_536


class BoundedHeadProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools, with heads of 64 KiB at most, beside what came with their start."""

    _head_is_open = False
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Parse what came; close the connection if a head has not ended within the bound."""
        # A head that begins within these bytes begins somewhere after other requests: not counted yet.
        counted = len(data) if self._head_is_open else 0
        self._head_bytes += counted
        super().data_received(data)
        if not self._head_is_open:
            return
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._head_is_open = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: the body has a bound of its own."""
        self._head_is_open = False
        super().on_headers_complete()
