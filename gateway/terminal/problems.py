"""What stops a command, in words for the person at the terminal: what is wrong, and what to do.

Never an exception's own text: a database quotes a row in it, a parser the connection string with its
password. A known cause has its constant sentence here; any other is named by its type and by the places
in the code that it passed.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_settings import SettingsError

from gateway.settings import CONFIG_FILE, Settings
from resolvers.changes.restrictions import Stores
from resolvers.stores.pool import connect_owner

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

CONNECT_SECONDS = 10

# What Postgres answers to a login (SQLSTATE, PostgreSQL appendix A).
LOGIN_REFUSED = {
    "28P01": "the password was refused",
    "28000": "the login was refused: no such role, or pg_hba.conf does not let it in",
    "3D000": "there is no such database",
    "53300": "the server has no free connection",
    "57P03": "the server is starting or stopping",
}
# What it answers to a statement of the command line.
OWNER = "give the owner's login, for a store in GATEWAY_MESSENGER_OWNER_DSN or GATEWAY_SOCIAL_OWNER_DSN"
STATEMENT_REFUSED = {
    "42501": f"the login has not the owner's rights: {OWNER}",
    "25006": f"the login or the server may only read: {OWNER}, and the primary server",
    "42P01": "a table is missing: run `gateway migrate`",
    "3F000": "a schema is missing: run `gateway migrate`",
    "42883": "a function is missing: run `gateway migrate`",
}


class Problem(Exception):
    """The command cannot go on; each line is a whole sentence that says what to do."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read_settings(**given: str) -> Settings:
    """The settings of what is given, the environment and the file, the first that has one.

    Problem names what is missing or wrong, never a value.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]  # validation is what this call is for
    except ValidationError as error:
        raise Problem(*_wrong_settings(error)) from None
    except FileNotFoundError:
        raise Problem(f"{CONFIG_FILE} names a file that is not there") from None
    except SettingsError:
        raise Problem(
            "a setting in the environment is a list or a mapping and must be written as JSON: "
            "GATEWAY_OIDC_ALGORITHMS, GATEWAY_OIDC_PURPOSES"
        ) from None
    except (OSError, ValueError):
        raise Problem(f"the file that {CONFIG_FILE} names cannot be read as TOML") from None


def _wrong_settings(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_input=False, include_url=False, include_context=False):
        if not each["loc"]:
            # A sentence of our own, about several settings.
            yield each["msg"].removeprefix("Value error, ")
            continue
        # Not the whole place: within a mapping it names a key, which is a value.
        name = str(each["loc"][0])
        if each["type"] == "missing":
            yield f"GATEWAY_{name.upper()} is not set; or set `{name}` in the file that {CONFIG_FILE} names"
        elif each["type"] == "extra_forbidden":
            yield f"the file that {CONFIG_FILE} names sets `{name}`, which is no setting"
        else:
            said = each["msg"].removeprefix("Value error, ")
            yield f"GATEWAY_{name.upper()}: {said[:1].lower()}{said[1:]}"


@asynccontextmanager
async def owner_of(settings: Settings, store: str) -> AsyncIterator[Connection]:
    """A connection to ``messenger``, ``social`` or ``control`` with the owner's rights.

    Problem, beginning with the store's name, if it cannot be had or may not do what the block does.
    """
    connection = await _connect(settings, store)
    try:
        with told(store):
            yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def owners_of(settings: Settings) -> AsyncIterator[Stores]:
    """Connections to all three databases with the owners' rights. Problem as of `owner_of`."""
    async with AsyncExitStack() as stack:
        control, messenger, social = [
            await stack.enter_async_context(owner_of(settings, store))
            for store in ("control", "messenger", "social")
        ]
        yield Stores(control, messenger, social)


async def _connect(settings: Settings, store: str) -> Connection:
    dsn = settings.owner_dsn(store)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await connect_owner(dsn)
    except Exception as error:
        which = setting_of(settings, store)
        raise Problem(f"{store}: {_why_no_connection(error, dsn)}; check {which}") from None


def setting_of(settings: Settings, store: str) -> str:
    """The name of the setting from which the owner's DSN of a store comes."""
    own = f"{store}_owner_dsn"
    return f"GATEWAY_{own.upper()}" if getattr(settings, own, None) else f"GATEWAY_{store.upper()}_DSN"


def _why_no_connection(error: Exception, dsn: str) -> str:
    known = LOGIN_REFUSED.get(str(getattr(error, "sqlstate", None)))
    if known:
        return known
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS} s"
    if isinstance(error, OSError):
        return "nothing answers there"
    if urlsplit(dsn).scheme not in {"postgresql", "postgres"}:
        return "the DSN is not of the form postgresql://user:password@host:5432/database"
    return f"no connection ({type(error).__name__})"


@contextmanager
def told(store: str) -> Iterator[None]:
    """Turn what a database says about a statement into a Problem, if the cause is a known one."""
    try:
        yield
    except Exception as error:
        known = STATEMENT_REFUSED.get(str(getattr(error, "sqlstate", None)))
        if known is None:
            raise
        raise Problem(f"{store}: {known}") from None


def unexpected(error: BaseException) -> list[str]:
    """What to print of an unforeseen error: its type and its traceback's places, no text and no value."""
    kind = type(error)
    sqlstate = getattr(error, "sqlstate", None)
    named = f"{kind.__module__}.{kind.__qualname__}" + (f" (SQLSTATE {sqlstate})" if sqlstate else "")
    frames = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    return [
        f"An unforeseen error: {named}. Its text is left out, it may quote data. Its way through the code:",
        *(f"  {path}:{line}" for path, line in frames[-6:]),
    ]
