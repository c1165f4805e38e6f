"""`gateway policy prove`: the signed certificate of what each universe reaches in the stores.

The signature is that of the ledger's key (Ed25519), so one public key checks both: `gateway ledger key`. It
covers the certificate's JSON with sorted keys and no spaces, without the signature itself, behind one line
that says what it is. An auditor needs nothing else of this program.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from gateway.ledger.chain import is_text_signed
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.proof.compare import Proof, certified, prove

if TYPE_CHECKING:
    from gateway.ledger.chain import Signer
    from resolvers.sources.catalogue import Store
    from resolvers.stores.pool import Connection

WHAT = "purpose-gateway certificate 1"
SIGNED_PARTS = {"signature", "public_key"}


def signed(proofs: list[Proof], signer: Signer, now: datetime) -> dict[str, Any]:
    """The certificate with its time and signature. `now`: in UTC."""
    made = {**certified(proofs), "made_at": now.astimezone(UTC).isoformat()}
    signature = signer.sign_text(WHAT, _text(made))
    return {**made, "public_key": signer.public.hex(), "signature": signature.hex()}


def is_genuine(certificate: dict[str, Any], public: bytes) -> bool:
    """Whether the holder of the key signed exactly this certificate."""
    try:
        signature = bytes.fromhex(str(certificate.get("signature")))
    except ValueError:
        return False
    unsigned = {name: value for name, value in certificate.items() if name not in SIGNED_PARTS}
    return is_text_signed(public, WHAT, _text(unsigned), signature=signature)


def _text(certificate: dict[str, Any]) -> bytes:
    return orjson.dumps(certificate, option=orjson.OPT_SORT_KEYS)


async def gaps(connection: Connection, store: Store) -> list[Difference]:
    """Where a universe of the store reaches something else than the policy opens, as start-up refuses it."""
    return [
        Difference(DifferenceKind.NOT_PROVED, store, gap.where, relation=gap.what)
        for gap in (await prove(connection, store)).gaps
    ]
