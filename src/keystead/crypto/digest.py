"""What is stored of a generated secret: HMAC-SHA-256(pepper, whole token), and the pepper's number.

A generated secret has 256 random bits, so it needs no slow hash. The pepper is not in the
database in the clear, so a stolen digest is of no use even for checking a guess. New digests use the
newest pepper; a look-up tries each live one, newest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from keystead.core.secret import Secret
from keystead.crypto.keyed_hash import KeyedHash
from keystead.crypto.used_keys import PEPPER, UsedKeys

__all__ = ["Digester"]


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
