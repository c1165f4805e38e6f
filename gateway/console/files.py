"""The page and all that it loads, as they were built; nothing comes from anywhere else.

The policy lets a browser load from this gateway alone and run no script that is inline in the page or is
made of text. Styles are let in from the page as well: the editor writes rules for its own letters.

Rejected: one file with everything in it. The editor is most of it, and three of five pages have none.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from servestatic import ServeStaticASGI
from starlette.responses import HTMLResponse, PlainTextResponse, Response

if TYPE_CHECKING:
    from wsgiref.headers import Headers

    from starlette.requests import Request
    from starlette.types import ASGIApp

BUILT = Path(__file__).with_name("built")
PREFIX = "/console/"
# The page's addresses; its script reads the address itself.
PAGES = ("/", "/compare", "/policy", "/ledger", "/person")

SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
STRICT = {
    "content-security-policy": "; ".join(f"{what} {where}" for what, where in SOURCES.items()),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
NOT_BUILT = "The console is not built: run `make console`, which needs npm, and start the gateway again.\n"


def page(built: Path, _: Request) -> Response:
    """The page, the same at each of PAGES; without a build one line on what to run, and 503."""
    index = built / "index.html"
    if not index.is_file():
        return PlainTextResponse(NOT_BUILT, 503, headers={**STRICT, "cache-control": "no-store"})
    # Its parts bear their digest in their names; browsers must ask for the page itself each time.
    return HTMLResponse(index.read_bytes(), headers={**STRICT, "cache-control": "no-cache"})


def files(built: Path) -> ASGIApp:
    """All other files, compressed as they were built, kept by browsers for ever."""
    if not built.is_dir():
        return PlainTextResponse(NOT_BUILT, 404, headers=STRICT)
    served: ASGIApp = ServeStaticASGI(
        PlainTextResponse("Not found.\n", 404, headers=STRICT),
        root=built,
        prefix=PREFIX,
        allow_all_origins=False,
        immutable_file_test=r"^/console/assets/",
        add_headers_function=_add_headers,
    )
    return served


def _add_headers(headers: Headers, path: str, url: str) -> None:
    for name, value in STRICT.items():
        headers[name] = value


page_of_build = partial(page, BUILT)
