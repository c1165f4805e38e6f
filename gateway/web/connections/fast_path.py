"""The fast path of HTTP within uvicorn, and what replaces it with another version of uvicorn.

`uvicorn_inside.py` holds all code that depends on how uvicorn works inside. This file imports it only if the
installed version is one that it is written for. With another version, connections have the same bounds by
documented means (`bounds.py`), and each answer goes through ASGI's `send`.

Two shortcuts are worth that. Of the 58 µs of CPU that one account by id costs (`python -m tests.bench`,
"gateway, ledger off"), HTTP takes 16.7 µs. `python -m tests.bench.fast_path` measures HTTP without a shortcut
(medians of 40 interleaved rounds):

    write_whole   25.1 µs   uvicorn writes an answer's head and body apart, and uvloop makes a system call of
                            each; and it searches each header twice for characters that none of ours can hold
    known heads   19.7 µs   a client sends the same head each time; `known_heads.py` finds what it means
    both          28.1 µs   as with uvicorn's own protocol, 27.9 µs

Known heads buy 3.0 µs, 5 % of such a request; a second run on a busier machine gave 18.7 and 22.7 µs.

Each of these bought less than 5 % of a request and is gone: a transport that joined any two writes, a body
read without a wait, a request begun without uvicorn's look at its URL, and one without the application's
look at its path.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import uvicorn

from gateway.web.connections.bounds import bound_any_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Send

# The releases of uvicorn for which `uvicorn_inside.py` is written; pyproject.toml has the same bound.
WRITTEN_FOR = ("0.54",)


def is_written_for(installed: str) -> bool:
    """Return whether `uvicorn_inside.py` is written for this version of uvicorn."""
    return ".".join(installed.split(".")[:2]) in WRITTEN_FOR


INSTALLED = version("uvicorn")
IS_KNOWN = is_written_for(INSTALLED)

if IS_KNOWN:
    from gateway.web.connections.uvicorn_inside import BoundedProtocol
    from gateway.web.connections.uvicorn_inside import write_whole as write_whole
else:

    def write_whole(send: Send, status: int, headers: bytes, *, body: bytes, close: bool) -> bool:
        """Write nothing: the caller sends its answer through ASGI."""
        return False


def bounded_config(
    app: ASGIApp, max_connections: int | None, *, inside: bool = IS_KNOWN, **others: object
) -> uvicorn.Config:
    """Return the settings of a server whose connections are bounded.

    `inside`: use what depends on the version of uvicorn; only for a version that is known.
    """
    # uvicorn counts the connection that is one too many as well.
    limit = None if max_connections is None else max_connections + 1
    make: Callable[..., uvicorn.Config] = uvicorn.Config
    if inside:
        return make(app, http=BoundedProtocol, limit_concurrency=limit, **others)
    config = make(app, http="h11", limit_concurrency=limit, **others)
    bound_any_version(config)
    return config
