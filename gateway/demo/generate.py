"""Made-up stores of any size: the same seed gives the same rows (`gateway demo`, the tests, the bench).

Each value of an account is a hash of its number, the seed and a *facet* (the name, the phone, …). Postgres
computes the hashes in one INSERT for each table. So each store can compute the other's rows: the social
network's store needs no query to know the messenger's phone numbers.

A person is a number n: account n on the messenger and account SOCIAL_FIRST + n on the social network. The
ranges differ, so a mix-up of the two finds no account. In each store 3 % of the numbers are missing (closed
accounts). A third of the people with both accounts are linked. Contacts and friends have numbers close to
each other, so that people have mutual ones.

Rejected: random(), which differs between runs and between the stores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.demo.ads import AUDIENCES, MESSENGER_TOPICS, OFFERS, SOCIAL_TOPICS, TOPICS
from gateway.demo.bulk import MESSENGER_TABLES, SOCIAL_TABLES, opened, settle, side_by_side
from gateway.demo.conversations import BUSINESS_MESSAGES, CONVERSATIONS, CUSTOMERS
from gateway.demo.names import FIRST, LAST, ODD, TRADES
from gateway.demo.problem import DemoProblem
from resolvers.stores.pool import transaction

if TYPE_CHECKING:
    from gateway.terminal.progress import Progress
    from resolvers.stores.pool import Connection

FEWEST, MOST = 1_000, 10_000_000
SOCIAL_FIRST = 20_000_000
# The count of numbers that one statement handles: small enough to show progress.
CHUNK = 100_000

# Country and the first digits of its mobile numbers; eight more follow. Repeated entries occur more often.
COUNTRIES = (
    *[("DE", "+49151")] * 6,
    *[("BR", "+55119"), ("IN", "+9198"), ("GB", "+4474")] * 2,
    ("AT", "+43664"),
    ("CH", "+417"),
    ("ES", "+346"),
    ("FR", "+336"),
    ("IT", "+3934"),
    ("NL", "+316"),
    ("PL", "+485"),
    ("TR", "+9053"),
    ("UA", "+3805"),
    ("US", "+120"),
)

# The facets' functions. {base} is derived from the seed. Each function is one expression, so that Postgres
# inlines it. Postgres inlines only what does not depend on the time zone: to_timestamp does not,
# timestamptz + interval does.
FUNCTIONS = """
CREATE FUNCTION pg_temp.hash(n bigint, facet integer) RETURNS bigint IMMUTABLE LANGUAGE sql
RETURN hashint8extended(n, {base} + facet);

CREATE FUNCTION pg_temp.roll(n bigint, facet integer, sides integer) RETURNS integer IMMUTABLE LANGUAGE sql
RETURN ((hashint8extended(n, {base} + facet) & 9223372036854775807) % sides)::integer;

-- Which numbers have an account, on the messenger and on the social network.
CREATE FUNCTION pg_temp.member(n bigint) RETURNS boolean IMMUTABLE LANGUAGE sql
RETURN pg_temp.roll(n, 1, 100) >= 3;
CREATE FUNCTION pg_temp.user(n bigint) RETURNS boolean IMMUTABLE LANGUAGE sql
RETURN pg_temp.roll(n, 2, 100) >= 3;
CREATE FUNCTION pg_temp.linked(n bigint) RETURNS boolean IMMUTABLE LANGUAGE sql
RETURN pg_temp.roll(n, 3, 100) < 33 AND pg_temp.member(n) AND pg_temp.user(n);

-- One phone number for each k below 100 million, all different: 48271 is coprime to that.
CREATE FUNCTION pg_temp.phone(k bigint) RETURNS text IMMUTABLE LANGUAGE sql
RETURN ('{{{prefixes}}}'::text[])[1 + pg_temp.roll(k, 4, {countries})]
    || lpad(((k * 48271 + {base} % 100000000) % 100000000)::text, 8, '0');
CREATE FUNCTION pg_temp.country(k bigint) RETURNS text IMMUTABLE LANGUAGE sql
RETURN ('{{{codes}}}'::text[])[1 + pg_temp.roll(k, 4, {countries})];

-- Seven in ten before the terms; some at the very second, and at the one before.
CREATE FUNCTION pg_temp.registered(n bigint) RETURNS timestamptz IMMUTABLE LANGUAGE sql
RETURN to_timestamp(1472083200 + CASE
    WHEN n % 101 = 0 THEN 0
    WHEN n % 101 = 1 THEN -1
    WHEN pg_temp.roll(n, 5, 100) < 70 THEN -1 - pg_temp.roll(n, 6, 200000000)
    ELSE pg_temp.roll(n, 6, 37 * 86400)
END);

-- What a member objected to: of those before the terms one in ten, for ads (1), friends (2) or both (3).
-- One in a hundred more took it back.
CREATE FUNCTION pg_temp.objected(n bigint) RETURNS boolean IMMUTABLE LANGUAGE sql
RETURN pg_temp.roll(n, 7, 100) < 11
    AND pg_temp.registered(n) < timestamptz '2016-08-25 00:00:00+00';
CREATE FUNCTION pg_temp.withdrew(n bigint) RETURNS boolean IMMUTABLE LANGUAGE sql
RETURN pg_temp.roll(n, 7, 100) = 10;
CREATE FUNCTION pg_temp.purposes(n bigint) RETURNS integer IMMUTABLE LANGUAGE sql
RETURN 1 + pg_temp.roll(n, 8, 3);
CREATE FUNCTION pg_temp.restricted(n bigint) RETURNS integer IMMUTABLE LANGUAGE sql
RETURN CASE WHEN pg_temp.objected(n) AND NOT pg_temp.withdrew(n) THEN pg_temp.purposes(n) ELSE 0 END;

-- A bit for each day on which the member sent something: four in ten never did, some did every other day.
CREATE FUNCTION pg_temp.active(n bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
RETURN CASE
    WHEN pg_temp.roll(n, 10, 100) < 40 THEN 0
    WHEN pg_temp.roll(n, 10, 100) < 52
        THEN pg_temp.hash(n, 11) & pg_temp.hash(n, 12) & pg_temp.hash(n, 13) & pg_temp.hash(n, 14)
    WHEN pg_temp.roll(n, 10, 100) < 64 THEN pg_temp.hash(n, 11) & pg_temp.hash(n, 12) & pg_temp.hash(n, 13)
    WHEN pg_temp.roll(n, 10, 100) < 82 THEN pg_temp.hash(n, 11) & pg_temp.hash(n, 12)
    WHEN pg_temp.roll(n, 10, 100) < 94 THEN pg_temp.hash(n, 11)
    ELSE pg_temp.hash(n, 11) | pg_temp.hash(n, 12)
END;

-- How sociable somebody is (0 to 20, 8 on the average), and a roll that both ends of a pair agree on.
CREATE FUNCTION pg_temp.sociable(n bigint, facet integer) RETURNS integer IMMUTABLE LANGUAGE sql
RETURN ('{{0,4,4,4,4,8,8,12,16,20}}'::integer[])[1 + pg_temp.roll(n, facet, 10)];
CREATE FUNCTION pg_temp.pair(a bigint, b bigint, facet integer, sides integer) RETURNS integer
IMMUTABLE LANGUAGE sql
RETURN pg_temp.roll(least(a, b) * 100003 + abs(a - b), facet, sides);
"""

# In all statements $1 and $2 are the first and last number of the chunk, $3 the last of the store.
MEMBERS = """
INSERT INTO messenger.account (id, phone, country_code, registered_at, restricted)
SELECT n, pg_temp.phone(n), pg_temp.country(n), pg_temp.registered(n), pg_temp.restricted(n)
FROM generate_series($1::bigint, $2::bigint) n WHERE pg_temp.member(n) AND n <= $3
"""
MEMBER_RESTRICTIONS = """
INSERT INTO messenger.restriction (account_id, purposes)
SELECT id, restricted FROM messenger.account WHERE restricted <> 0 ORDER BY id
"""
# Existing members accepted the terms a second before they could object; the others by joining.
TERMS_ACCEPTANCE = """
INSERT INTO messenger.terms_acceptance (account_id, version, accepted_at)
SELECT id, '2016-08-25', CASE WHEN registered_at >= terms THEN registered_at
    ELSE terms + interval '1 second' * pg_temp.roll(id, 90, 2592000) END
FROM (VALUES (timestamptz '2016-08-25 00:00:00+00')) v (terms), messenger.account
WHERE id BETWEEN $1 AND $2 AND $3::bigint > 0 ORDER BY id
"""
# In the order of the key, so that the index grows only at its end.
PHONE_LOOKUP = """
INSERT INTO messenger.phone_lookup (phone, account_id, restricted)
SELECT phone, id, restricted FROM messenger.account ORDER BY phone
"""
# OFFSET 0 keeps Postgres from computing the member's bits again for each of the sixty days. The days are in
# a select list and not in a join, so that each plan returns the rows in the order of the key.
USAGE = """
INSERT INTO messenger.daily_usage (account_id, day, messages_sent, restricted)
SELECT id, date '2016-08-03' + d, 1 + pg_temp.roll(id * 64 + d, 15, 1 + pg_temp.roll(id, 16, 60)), restricted
FROM (SELECT *, generate_series(greatest(joined, 0), 59) AS d FROM (
    SELECT id, restricted, pg_temp.active(id) AS active,
           (registered_at AT TIME ZONE 'UTC')::date - date '2016-08-03' AS joined
    FROM messenger.account WHERE id BETWEEN $1 AND $2 AND $3::bigint > 0 ORDER BY id OFFSET 0
) m WHERE active <> 0) days
WHERE active >> d & 1 = 1
"""
# In six of ten pairs both have the other in the address book; in the rest only one does.
CONTACTS = """
INSERT INTO messenger.contact (account_id, contact_id, restricted)
SELECT id, other, restricted
FROM (SELECT *, id + unnest($4::bigint[]) AS other FROM (
    SELECT id, restricted, pg_temp.sociable(id, 20) AS sociable
    FROM messenger.account WHERE id BETWEEN $1 AND $2 ORDER BY id OFFSET 0
) m WHERE sociable > 0) pairs
WHERE other BETWEEN 1 AND $3
  AND pg_temp.pair(id, other, 21, 270) < sociable * pg_temp.sociable(other, 20)
  AND CASE pg_temp.pair(id, other, 22, 10)
      WHEN 0 THEN id < other WHEN 1 THEN id < other
      WHEN 2 THEN id > other WHEN 3 THEN id > other ELSE true END
  AND pg_temp.member(other)
"""
MEMBER_MESSAGES = """
INSERT INTO content.message (sender_id, id, recipient_id, sent_at, body)
SELECT n, 1, n + 3, timestamptz '2016-10-01 00:00:00+00' - interval '1 second' * pg_temp.roll(n, 30, 3196800),
       'See you soon! canary-' || left(encode(sha256(('messenger ' || {base} || ' ' || n)::bytea), 'hex'), 32)
FROM generate_series($1::bigint, $2::bigint) n
WHERE n <= $3 AND pg_temp.roll(n, 31, 10) = 0 AND pg_temp.member(n) AND pg_temp.member(n + 3) AND n + 3 <= $3
"""
USERS = """
INSERT INTO social.account (id, display_name)
SELECT {social} + n, CASE
    WHEN n % 23 = 0 THEN ($4::text[])[1 + (n / 23) % cardinality($4::text[])]
    ELSE ($5::text[])[1 + pg_temp.roll(n, 40, cardinality($5::text[]))]
        || CASE WHEN pg_temp.roll(n, 41, 3) = 0
           THEN ' ' || chr(65 + pg_temp.roll(n, 42, 26)) || '.' ELSE '' END
        || ' ' || ($6::text[])[1 + pg_temp.roll(n, 43, cardinality($6::text[]))]
        || CASE WHEN pg_temp.roll(n, 44, 8) = 0
           THEN '-' || ($6::text[])[1 + pg_temp.roll(n, 45, cardinality($6::text[]))] ELSE '' END
END
FROM generate_series($1::bigint, $2::bigint) n WHERE pg_temp.user(n) AND n <= $3
"""
FRIENDSHIPS = """
INSERT INTO social.friendship (account_id, friend_id)
SELECT {social} + n, {social} + other
FROM (SELECT *, n + unnest($4::bigint[]) AS other FROM (
    SELECT n, pg_temp.sociable(n, 50) AS sociable
    FROM generate_series($1::bigint, $2::bigint) n WHERE pg_temp.user(n) AND n <= $3 OFFSET 0
) u WHERE sociable > 0) pairs
WHERE other BETWEEN 1 AND $3
  AND pg_temp.pair(n, other, 51, 275) < sociable * pg_temp.sociable(other, 50)
  AND pg_temp.user(other)
"""
LINKS = """
INSERT INTO social.messenger_link (account_id, messenger_id, since, restricted)
SELECT {social} + n, n, greatest((pg_temp.registered(n) AT TIME ZONE 'UTC')::date, date '2016-08-25'),
       pg_temp.restricted(n)
FROM generate_series($1::bigint, $2::bigint) n
WHERE n <= $3 AND n <= $4 AND pg_temp.linked(n)
"""
LINK_LOOKUP = """
INSERT INTO social.messenger_lookup (messenger_id, account_id, restricted)
SELECT messenger_id, account_id, restricted FROM social.messenger_link ORDER BY messenger_id
"""
SHARED_NUMBERS = """
INSERT INTO social.phone_binding (account_id, source, number, messenger_id, restricted)
SELECT account_id, 'MESSENGER_SHARED', pg_temp.phone(messenger_id), messenger_id, restricted
FROM social.messenger_link WHERE messenger_id BETWEEN $1 AND $2 AND $3 > 0 ORDER BY account_id
"""
# Two in three people typed a number into their profile, one in five gave one for two-factor sign-in. For
# linked people it is mostly the number that the messenger knows.
OWN_NUMBERS = """
INSERT INTO social.phone_binding (account_id, source, number, restricted)
SELECT {social} + u.n, s.source, pg_temp.phone(CASE WHEN u.same THEN u.n ELSE {social} + u.n END), 0
FROM (
    SELECT n, n <= $4 AND pg_temp.linked(n) AND pg_temp.roll(n, 62, 4) > 0 AS same
    FROM generate_series($1::bigint, $2::bigint) n WHERE pg_temp.user(n) AND n <= $3 OFFSET 0
) u CROSS JOIN (VALUES ('SECURITY_2FA', 60, 5, 1), ('SELF_PROFILE', 61, 3, 2)) s (source, facet, sides, share)
WHERE pg_temp.roll(u.n, s.facet, s.sides) < s.share
"""
NUMBER_LOOKUP = """
INSERT INTO social.number_lookup (number, source, account_id, restricted)
SELECT number, source, account_id, restricted FROM social.phone_binding
WHERE source <> 'SECURITY_2FA' ORDER BY number, source, account_id
"""
USER_RESTRICTIONS = """
INSERT INTO social.restriction (messenger_id, purposes)
SELECT n, pg_temp.restricted(n) FROM generate_series($1::bigint, $2::bigint) n
WHERE n <= $3 AND pg_temp.member(n) AND pg_temp.restricted(n) <> 0
"""
USER_MESSAGES = """
INSERT INTO content.message (sender_id, id, recipient_id, sent_at, body)
SELECT {social} + n, 1, {social} + n + 3,
       timestamptz '2016-10-01 00:00:00+00' - interval '1 second' * pg_temp.roll(n, 70, 3196800),
       'Did you hear? canary-' || left(encode(sha256(('social ' || {base} || ' ' || n)::bytea), 'hex'), 32)
FROM generate_series($1::bigint, $2::bigint) n
WHERE n <= $3 AND pg_temp.roll(n, 71, 10) = 0 AND pg_temp.user(n) AND pg_temp.user(n + 3) AND n + 3 <= $3
"""
FIRMS = """
SELECT n, ($2::text[])[1 + pg_temp.roll(n, $3 + 1, cardinality($2::text[]))] || ' '
       || ($4::text[])[1 + pg_temp.roll(n, $3 + 2, cardinality($4::text[]))]
       || CASE n % 10 WHEN 0 THEN ' & Söhne "GmbH"' WHEN 1 THEN E' \\x1f' ELSE '' END AS name
FROM generate_series(1, $1::bigint) n
"""
BUSINESSES = """
INSERT INTO {schema}.business (id, name, verified)
SELECT n, name, pg_temp.roll(n, 80, 3) > 0 FROM ({firms}) f
"""
MERCHANTS = "INSERT INTO social.merchant (id, name) SELECT n, name FROM ({firms}) f"
EVENTS = """
INSERT INTO control.objection_event
    (account_id, kind, purposes, recorded_at, effective_at, channel, terms_version)
SELECT n, kind, CASE pg_temp.purposes(n)
        WHEN 1 THEN ARRAY['ADS_PERSONALIZATION'] WHEN 2 THEN ARRAY['FRIEND_SUGGESTIONS']
        ELSE ARRAY['ADS_PERSONALIZATION', 'FRIEND_SUGGESTIONS'] END, at, at, 'demo', '2016-08-25'
FROM generate_series(1, $1::bigint) n
CROSS JOIN (VALUES ('OBJECT', 0), ('WITHDRAW', 1)) k (kind, later)
CROSS JOIN LATERAL (
    SELECT timestamptz '2016-08-25 00:00:00+00' + interval '1 second' * (1 + pg_temp.roll(n, 90, 2592000))
           + later * interval '5 days' AS at
) t
WHERE pg_temp.member(n) AND pg_temp.objected(n) AND (kind = 'OBJECT' OR pg_temp.withdrew(n))
ORDER BY at, n
"""

# The distances in number to contacts and friends, sorted so that rows arrive in the order of the key.
NEAR = [*range(1, 24), 997, 10_007]
OFFSETS = [*(-d for d in reversed(NEAR)), *NEAR]


@dataclass(frozen=True)
class Size:
    """The stores' size: the seed's base, and the last number that has an account in each store."""

    base: int
    accounts: int
    last_member: int
    last_user: int

    @property
    def last(self) -> int:
        """The last number that has an account anywhere."""
        return max(self.last_member, self.last_user)


@dataclass(frozen=True)
class LoadStep:
    """One INSERT, repeated for each chunk of numbers, or run once for all if `whole`."""

    table: str
    sql: str
    parameters: tuple[object, ...] = ()
    whole: bool = False


async def generate(
    messenger: Connection,
    social: Connection,
    accounts: int,
    *,
    seed: int,
    progress: Progress,
    control: Connection | None = None,
) -> None:
    """Fill both stores with `accounts` accounts each; with `control`, the objections' events as well.

    The databases must be migrated and empty, the connections the owners' and outside of a transaction.
    What is loaded depends on `accounts` and `seed` alone. DemoProblem if a table holds rows or
    `accounts` is out of range. On any failure all databases are as before.
    """
    if not FEWEST <= accounts <= MOST:
        raise DemoProblem(f"accounts must be between {FEWEST:,} and {MOST:,}")
    connections = [messenger, social, *([control] if control else [])]
    async with AsyncExitStack() as stack:
        for connection in connections:
            await stack.enter_async_context(transaction(connection))
            await connection.execute(functions(base_of(seed)))
        size = await measure(messenger, accounts, base_of(seed))
        works = [load_messenger(messenger, size, progress), load_social(social, size, progress)]
        await side_by_side(*works, *([load_control(control, size, progress)] if control else []))
        for connection in connections:
            await forget_functions(connection)
    await side_by_side(
        settle(messenger, "messenger", MESSENGER_TABLES, progress=progress),
        settle(social, "social", SOCIAL_TABLES, progress=progress),
    )


def base_of(seed: int) -> int:
    """The number that all facets of a seed start from: far from that of any other seed."""
    return int.from_bytes(hashlib.sha256(b"generate %d" % seed).digest()[:7])


def functions(base: int) -> str:
    """The statements that create the facets' functions for one base."""
    return FUNCTIONS.format(
        base=base,
        countries=len(COUNTRIES),
        prefixes=",".join(prefix for _, prefix in COUNTRIES),
        codes=",".join(code for code, _ in COUNTRIES),
    )


async def forget_functions(connection: Connection) -> None:
    """Drop the facets' functions: the next seed on this connection brings its own."""
    drops = await connection.fetchval(
        "SELECT 'DROP FUNCTION ' || string_agg(oid::regprocedure::text, ', ')"
        " FROM pg_proc WHERE pronamespace = pg_my_temp_schema()"
    )
    await connection.execute(drops)


async def measure(connection: Connection, accounts: int, base: int) -> Size:
    """Find the last number with which each store has exactly `accounts` accounts."""
    last = (
        "SELECT max(n) FROM (SELECT n FROM generate_series(1, $1::bigint * 11 / 10 + 1000) n"
        " WHERE pg_temp.{exists}(n) ORDER BY n LIMIT $1::bigint) s"
    )
    members = await connection.fetchval(last.format(exists="member"), accounts)
    users = await connection.fetchval(last.format(exists="user"), accounts)
    return Size(base, accounts, members, users)


async def load_messenger(connection: Connection, size: Size, progress: Progress) -> None:
    """Fill the messenger's store, within the caller's transaction."""
    firms = max(20, size.accounts // 5_000)
    messenger = {"schema": "messenger", "facet": 130, "exists": "member", "customer": "n"}
    steps = [
        LoadStep("messenger.account", MEMBERS),
        LoadStep("messenger.restriction", MEMBER_RESTRICTIONS, whole=True),
        LoadStep("messenger.phone_lookup", PHONE_LOOKUP, whole=True),
        LoadStep("messenger.terms_acceptance", TERMS_ACCEPTANCE),
        LoadStep("messenger.daily_usage", USAGE),
        LoadStep("messenger.contact", CONTACTS, (OFFSETS,)),
        LoadStep(
            "messenger.business",
            BUSINESSES.format(schema="messenger", firms=FIRMS),
            (firms, TRADES, 100, LAST),
            True,
        ),
        LoadStep("messenger.business_conversation", CONVERSATIONS.format(**messenger), (firms,)),
        LoadStep("messenger.customer_conversation", CUSTOMERS.format(**messenger), whole=True),
        LoadStep("content.message", MEMBER_MESSAGES.format(base=size.base)),
        LoadStep(
            "content.business_message", BUSINESS_MESSAGES.format(base=size.base, **messenger), whole=True
        ),
    ]
    async with opened(connection, MESSENGER_TABLES):
        await run(connection, steps, size.last_member, progress=progress)
        await connection.execute("UPDATE messenger.usage_horizon SET day = '2016-10-01'")
        progress("check messenger", 0, 1)
    progress("check messenger", 1, 1)


async def load_social(connection: Connection, size: Size, progress: Progress) -> None:
    """Fill the social network's store, within the caller's transaction."""
    firms = max(20, size.accounts // 5_000)
    social = {"social": SOCIAL_FIRST, "base": size.base}
    customer = f"CASE WHEN pg_temp.roll(id, 147, 5) > 0 THEN {SOCIAL_FIRST} + n END"
    talks = {"schema": "social", "facet": 140, "exists": "user", "customer": customer}
    steps = [
        LoadStep("social.account", USERS.format(**social), (ODD, FIRST, LAST)),
        LoadStep("social.friendship", FRIENDSHIPS.format(**social), (OFFSETS,)),
        LoadStep("social.messenger_link", LINKS.format(**social), (size.last_member,)),
        LoadStep("social.messenger_lookup", LINK_LOOKUP, whole=True),
        LoadStep("social.phone_binding", SHARED_NUMBERS),
        LoadStep("social.phone_binding", OWN_NUMBERS.format(**social), (size.last_member,)),
        LoadStep("social.number_lookup", NUMBER_LOOKUP, whole=True),
        LoadStep(
            "social.business",
            BUSINESSES.format(schema="social", firms=FIRMS),
            # The same facets as on the messenger, so that a business has the same name on both.
            (firms, TRADES, 100, LAST),
            True,
        ),
        LoadStep("social.business_conversation", CONVERSATIONS.format(**talks), (firms,)),
        LoadStep("social.customer_conversation", CUSTOMERS.format(**talks), whole=True),
        LoadStep("social.merchant", MERCHANTS.format(firms=FIRMS), (firms, LAST, 120, TRADES), True),
        LoadStep("social.ad_topic", SOCIAL_TOPICS.format(**social), (TOPICS,)),
        LoadStep("social.ad_topic", MESSENGER_TOPICS, (TOPICS,)),
        LoadStep("social.offer", OFFERS, (firms, TRADES), True),
        LoadStep("social.offer_audience", AUDIENCES.format(**social), (100 * firms,)),
        LoadStep("content.message", USER_MESSAGES.format(**social)),
        LoadStep("content.business_message", BUSINESS_MESSAGES.format(base=size.base, **talks), whole=True),
    ]
    async with opened(connection, SOCIAL_TABLES):
        await run(connection, steps, size.last_user, progress=progress)
        # These rows are about members, so they end at the messenger's last number.
        await run(
            connection,
            [LoadStep("social.restriction", USER_RESTRICTIONS)],
            size.last_member,
            progress=progress,
        )
        progress("check social", 0, 1)
    progress("check social", 1, 1)


async def load_control(connection: Connection, size: Size, progress: Progress) -> None:
    """Write the objection events that lead to the stores' restrictions, within the caller's transaction."""
    if await connection.fetchval("SELECT EXISTS (SELECT FROM control.objection_event)"):
        raise DemoProblem("control.objection_event already holds rows: use an empty control database")
    await run(
        connection,
        [LoadStep("control.objection_event", EVENTS, (size.last_member,), True)],
        1,
        progress=progress,
    )


async def run(connection: Connection, steps: Sequence[LoadStep], last: int, *, progress: Progress) -> None:
    """Run the steps in order over the numbers 1 to `last`."""
    for step in steps:
        what = f"generate {step.table}"
        if step.whole:
            progress(what, 0, 1)
            await connection.execute(step.sql, *step.parameters, timeout=None)
            progress(what, 1, 1)
            continue
        for first in range(1, last + 1, CHUNK):
            progress(what, first - 1, last)
            end = min(first + CHUNK - 1, last)
            await connection.execute(step.sql, first, end, last, *step.parameters, timeout=None)
        progress(what, last, last)
