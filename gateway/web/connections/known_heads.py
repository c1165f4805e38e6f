"""The heads that came before on one connection, so that no parser reads the same bytes twice.

A client sends the same head with each request of one kind: the lengths of their bodies are all that differs.
Equal bytes have the meaning that the parser found in them before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

# Of this path alone: its endpoint changes nothing of the scope, which the next request shares in part.
GRAPHQL_PATH = "/graphql"
KNOWN_URL = GRAPHQL_PATH.encode()
END_OF_HEAD = b"\r\n\r\n"
# A client without a token could fill the memory with many or long heads.
MAX_HEADS = 8
MAX_HEAD_BYTES = 2_048


class KnownHead(NamedTuple):
    """The ASGI scope that the parser made of a head, and the length of the body behind it."""

    scope: Mapping[str, Any]
    length: int


class KnownHeads:
    """The heads of one connection, by their bytes."""

    __slots__ = ("_heads",)

    def __init__(self) -> None:
        self._heads: dict[bytes, KnownHead] = {}

    def __len__(self) -> int:
        return len(self._heads)

    def find(self, data: bytes) -> tuple[KnownHead, bytes] | None:
        """Return the head with which the bytes begin, and the body, if they are one whole known request."""
        if not self._heads:
            return None
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        known = self._heads.get(data[:end])
        if known is None or len(data) - end != known.length:
            return None
        return known, data[end:]

    def keep(self, data: bytes, scope: Mapping[str, Any], headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep the head of a request that these bytes hold alone and whole.

        Bytes that hold several requests are not kept: the last one's content-length is then not the number
        of bytes behind the first one's head.
        """
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        length = len(data) - end
        lengths = [value for name, value in headers if name == b"content-length"]
        if end > MAX_HEAD_BYTES or lengths != [b"%d" % length]:
            return
        if len(self._heads) >= MAX_HEADS:
            self._heads.clear()
        self._heads[data[:end]] = KnownHead({**scope}, length)
