"""Log lines without personal data: JSON on standard error, one object a line.

A line holds what this program wrote itself: a constant message, the request's id, an exception's type
and the places in the code that it passed. It never holds an exception's message, a log call's
arguments or a local variable: a database error quotes the row, a parser the document, a time-out the
connection string. Unknown loggers are denied by default: asyncio puts the repr of the failed task,
and with it the exception's text, into the message itself.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

# Their messages are constants in their source; their arguments are left out all the same.
SPEAKING_LOGGERS = ("gateway", "uvicorn.error")
FIELDS = (
    "request_id",
    "store",
    "purpose",
    "token_id",
    "client",
    "document",
    "expires_at",
    "worker",
    "status",
    "notices",
)
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")


class ScrubbingFormatter(logging.Formatter):
    """Formats a record as one line of JSON that holds no value of any request or store."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        if _speaks(record.name):
            line["message"] = str(record.msg).strip()
        line |= {name: _text(getattr(record, name)) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line["exceptions"] = [_described(exception) for exception in _chain(record.exc_info[1])]
        return orjson.dumps(line).decode()


def write_logs(stream: TextIO, level: int = logging.INFO) -> None:
    """Send every logger's records to `stream`, scrubbed, and take away all other handlers.

    The server must be run with `log_config=None, access_log=False`: an access log quotes the query
    string of a GET, and with it the variables.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ScrubbingFormatter())
    for name in (None, "uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
    logging.getLogger("uvicorn.access").disabled = True
    # It has a line for each request of its own, which says nothing once it is scrubbed.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)


def _speaks(name: str) -> bool:
    return any(name == speaking or name.startswith(f"{speaking}.") for speaking in SPEAKING_LOGGERS)


def _text(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _chain(exception: BaseException) -> Iterator[BaseException]:
    """Yield the exception, what it was raised from, and the members of groups; each once."""
    waiting, seen = [exception], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        members = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        waiting.extend(inner for inner in (*members, one.__cause__ or one.__context__) if inner is not None)


def _described(exception: BaseException) -> dict[str, Any]:
    kind = type(exception)
    described: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    sqlstate = getattr(exception, "sqlstate", None)
    if isinstance(sqlstate, str) and _SQLSTATE.fullmatch(sqlstate):
        described["sqlstate"] = sqlstate
    # Walking the frames, not formatting them: the source text of a line may hold a literal value.
    frames = traceback.walk_tb(exception.__traceback__)
    described["at"] = [f"{f.f_code.co_filename}:{line} {f.f_code.co_qualname}" for f, line in frames]
    return described
