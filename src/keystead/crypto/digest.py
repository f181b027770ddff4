"""What is stored of a generated secret: HMAC-SHA-256(pepper, whole token), and the pepper's number.

A generated secret has 256 random bits, so it needs no slow hash. The pepper is not in the
database in the clear, so a stolen digest is of no use even for checking a guess. New digests use the
newest pepper; a look-up tries each live one, newest first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from keystead.core.secret import Secret

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["PEPPER_BYTES", "Digester"]

PEPPER_BYTES: Final = 32

# RFC 2104 §2: the key, filled up to the block, xor 0x36 inside and 0x5C outside.
_BLOCK: Final = hashlib.sha256().block_size
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class Digester:
    """Computes the digests that secrets are stored and found by."""

    __slots__ = ("_newest", "_peppers")

    def __init__(self, peppers: Mapping[int, bytes]) -> None:
        """Prepare every live pepper.

        Args:
            peppers: 32 random bytes each, by number; the highest number is the newest.

        Raises:
            ValueError: there is none, or one has another length.
        """
        if not peppers:
            raise ValueError("a digester needs a pepper")
        self._peppers: Final = [(n, *_prepare(peppers[n])) for n in sorted(peppers, reverse=True)]
        self._newest: Final = self._peppers[0]

    def digest(self, token: Secret) -> tuple[int, bytes]:
        """Return the newest pepper's number and the token's digest under it, for storing."""
        n, inner, outer = self._newest
        return n, _hmac(inner, outer, token.reveal().encode())

    def candidates(self, token: Secret) -> list[tuple[int, bytes]]:
        """Return the token's digest under each live pepper, newest first, for looking it up."""
        data = token.reveal().encode()
        return [(n, _hmac(inner, outer, data)) for n, inner, outer in self._peppers]


def _prepare(pepper: bytes) -> tuple[_Hash, _Hash]:
    if len(pepper) != PEPPER_BYTES:
        raise ValueError(f"a pepper is {PEPPER_BYTES} bytes")
    block = pepper.ljust(_BLOCK, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))


def _hmac(inner: _Hash, outer: _Hash, data: bytes) -> bytes:
    # Two copied SHA-256 states cost 0.9 µs, `hmac.HMAC.copy` 1.9 and `hmac.digest` 2.4 (OpenSSL 3
    # looks its algorithm up anew each time). Golden vectors hold this to `hmac.digest`.
    state = inner.copy()
    state.update(data)
    result = outer.copy()
    result.update(state.digest())
    return result.digest()
