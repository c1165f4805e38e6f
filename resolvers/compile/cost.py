"""Where the walk over an operation stands, and what its parts may touch."""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.plan.tree import Parameter
from resolvers.sources.catalogue import Relation

# How many phone numbers an account has, for the cost alone.
MANY_ROWS = 4
# How many rows of an address book are counted for a band, for the cost alone: most have fewer.
BAND_ROWS = 100
# How many shards read a page's rows when a list without a key is asked of all, for the cost alone.
FAN_OUT = 32
# What a question to an ordinary resolver may touch, for the cost alone; the matrix takes time to spell.
ASKED_ROWS = {
    "disclosureCounts": 20_000,
    "disclosures": 1_000,
    "ledgerReport": 50_000,
    "objectionEligibility": 100,
    "objections": 1_000,
    "objectionsInForce": 10_000,
    "objectionsOverTime": 20_000,
    "peopleByPurpose": 20_000,
    "policyMatrix": 10_000,
    "recalls": 1_000,
    "requestTally": 10_000,
    "termsAcceptances": 100,
}
# What one person's suggestions may touch, for the cost alone: 500 contacts, and the ends of 10,000
# friendships, which lie side by side in an index: ten of them count as one row.
SUGGESTED_ROWS = 1_500
Factors = tuple[Parameter | int, ...]


@dataclass(frozen=True)
class At:
    """Where the walk stands: the wave and store of the statement, and the rows there are of it."""

    wave: int
    relation: Relation
    rows: Factors
