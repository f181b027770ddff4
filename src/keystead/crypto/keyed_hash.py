"""HMAC-SHA-256 (RFC 2104) with its key prepared once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["KEY_BYTES", "KeyedHash"]

KEY_BYTES: Final = 32

# RFC 2104 §2: the key, filled up to the block, xor 0x36 inside and 0x5C outside.
_BLOCK: Final = hashlib.sha256().block_size
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class KeyedHash:
    """One key, ready for many digests; it is asked for every request and every audit entry.

    Two copied SHA-256 states cost 0.9 µs, `hmac.HMAC.copy` 1.9 and `hmac.digest` 2.4, because
    OpenSSL 3 looks its algorithm up anew each time. Golden vectors hold this to `hmac.digest`.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        """Prepare a key of 32 bytes.

        Raises:
            ValueError: it has another length.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key is {KEY_BYTES} bytes")
        block = key.ljust(_BLOCK, b"\0")
        self._inner: Final[_Hash] = hashlib.sha256(block.translate(_INNER))
        self._outer: Final[_Hash] = hashlib.sha256(block.translate(_OUTER))

    def digest(self, data: bytes) -> bytes:
        """Return the 32 bytes of HMAC-SHA-256 over `data`."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()
