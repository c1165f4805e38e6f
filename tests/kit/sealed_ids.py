"""Sealed identifiers said a second time, so that tests that speak of `ma_5` also run where these are sealed.

One identifier, one block, and a new cipher each time: slow and obviously right. `sealed` and `opened`
translate whole texts; a gateway that seals may let no plain identifier through, so `opened` refuses one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

TYPES = "ma|sa|bu|mc|sc|me|of"
PLAIN = re.compile(rf"(?<![A-Za-z0-9_])({TYPES})_(0|[1-9][0-9]{{0,18}})(?![A-Za-z0-9_])")
SEALED = re.compile(rf"(?<![A-Za-z0-9_])({TYPES})_([0-9a-f]{{32}})(?![A-Za-z0-9_])")


@dataclass(frozen=True)
class SealedIds:
    """The identifiers of one purpose, or of one client of it, of a gateway with this secret.

    `key`: derived from the secret, if it is known.
    """

    secret: str
    scope: str
    purpose: str
    client: str = ""
    key: bytes = b""

    def _cipher(self) -> Cipher[ECB]:
        master = self.key or HKDF(SHA256(), 32, None, b"gateway identifiers").derive(self.secret.encode())
        client = self.client if self.scope == "CLIENT" else ""
        info = f"{self.scope}|{self.purpose}|{client}".encode()
        return Cipher(AES(HKDFExpand(SHA256(), 16, info).derive(master)), ECB())

    def seal(self, plain: str) -> str:
        """`ma_5` → the sealed identifier."""
        prefix, number = plain.split("_")
        block = f"{prefix}_".encode().ljust(8, b"\0") + int(number).to_bytes(8, "little")
        return f"{prefix}_{self._cipher().encryptor().update(block).hex()}"

    def open(self, sealed: str) -> str:
        """The sealed identifier → `ma_5`; as it is if it was not sealed for this purpose."""
        prefix, digits = sealed.split("_")
        block = self._cipher().decryptor().update(bytes.fromhex(digits))
        if block[:8] != f"{prefix}_".encode().ljust(8, b"\0"):
            return sealed
        return f"{prefix}_{int.from_bytes(block[8:], 'little')}"

    def sealed(self, text: str) -> str:
        """A request's text with every plain identifier sealed; malformed ones stay as they are."""
        return PLAIN.sub(lambda found: self.seal(found[0]) if int(found[2]) < 2**63 else found[0], text)

    def opened(self, text: str) -> str:
        """An answer's text with every sealed identifier opened. AssertionError if it holds a plain one."""
        assert PLAIN.search(text) is None, f"a plain identifier: {PLAIN.search(text)}"
        return SEALED.sub(lambda found: self.open(found[0]), text)
