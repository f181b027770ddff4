"""What is stored of a generated secret: HMAC-SHA-256(pepper, whole token), and the pepper's number.

A generated secret has 256 random bits, so it needs no slow hash. The pepper is not in the
database in the clear, so a stolen digest is of no use even for checking a guess. New digests use the
newest pepper; a look-up tries each live one, newest first.

Of an imported token only its SHA-256 is known: HMAC-SHA-256(pepper, a word ‖ SHA-256). The word keeps that
apart from every other token's digest. In the token there is no id that its row must carry, so a second HMAC,
with another word and over the credential's id as well, binds the digest to that credential: in another's row
it opens nothing (Law 5).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from keystead.core.secret import Secret
from keystead.crypto.keyed_hash import KeyedHash
from keystead.crypto.used_keys import PEPPER, UsedKeys

__all__ = ["Digester", "sha256_of"]

# No token begins so: ours with `ks`, a JWT with `ey`.
_LEGACY: Final = b"legacy token\0"
_BINDING: Final = b"legacy token of\0"


def sha256_of(token: Secret) -> bytes:
    """Return what an imported token is known by."""
    return hashlib.sha256(token.reveal().encode()).digest()


class Digester:
    """Computes the digests that secrets are stored and found by."""

    __slots__ = ("_newest", "_peppers", "_used")

    def __init__(self, peppers: Mapping[int, bytes], used: UsedKeys | None = None) -> None:
        """Prepare every live pepper.

        Args:
            peppers: 32 random bytes each, by number; the highest number is the newest.
            used: is told which one makes digests to be stored.

        Raises:
            ValueError: there is none, or one has another length.
        """
        self._used: Final = UsedKeys() if used is None else used
        self.learn(peppers)

    def learn(self, peppers: Mapping[int, bytes]) -> None:
        """Go on with these peppers instead.

        Raises:
            ValueError: as at first.
        """
        if not peppers:
            raise ValueError("a digester needs a pepper")
        self._peppers = [(n, KeyedHash(peppers[n])) for n in sorted(peppers, reverse=True)]
        self._newest = self._peppers[0]

    def digest(self, token: Secret) -> tuple[int, bytes]:
        """Return the newest pepper's number and the token's digest under it, for storing."""
        n, pepper = self._newest
        self._used.note(PEPPER, n)
        return n, pepper.digest(token.reveal().encode())

    def candidates(self, token: Secret) -> list[tuple[int, bytes]]:
        """Return the token's digest under each live pepper, newest first, for looking it up."""
        data = token.reveal().encode()
        return [(n, pepper.digest(data)) for n, pepper in self._peppers]

    def digest_legacy(self, sha256: bytes, credential_id: str) -> tuple[int, bytes, bytes]:
        """Return the newest pepper's number, and an imported token's digest and binding under it."""
        n, pepper = self._newest
        self._used.note(PEPPER, n)
        return n, pepper.digest(_LEGACY + sha256), _bind(pepper, sha256, credential_id)

    def legacy_candidates(self, sha256: bytes) -> list[tuple[int, bytes]]:
        """Return an imported token's digest under each live pepper, newest first."""
        return [(n, pepper.digest(_LEGACY + sha256)) for n, pepper in self._peppers]

    def is_bound(self, sha256: bytes, credential_id: str, n: int, binding: bytes | None) -> bool:
        """Say whether pepper `n` made this binding of an imported token and this credential."""
        if binding is None:
            return False
        return any(
            hmac.compare_digest(_bind(pepper, sha256, credential_id), binding)
            for number, pepper in self._peppers
            if number == n
        )


def _bind(pepper: KeyedHash, sha256: bytes, credential_id: str) -> bytes:
    return pepper.digest(_BINDING + sha256 + credential_id.encode())
