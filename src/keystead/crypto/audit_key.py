"""The key that signs the audit's head: without it no edited chain gets a head that verifies."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

__all__ = ["AuditKey"]

_DOMAIN: Final = b"keystead audit head 1\0"
_DIGEST_BYTES: Final = hashlib.sha256().digest_size
_KEY_BYTES: Final = 32


class AuditKey:
    """Signs and checks heads, and exported checkpoints, which are heads that left the house."""

    __slots__ = ("_keys", "newest")

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Hold every audit key there ever was; the highest number signs.

        Raises:
            ValueError: there is none, or one has not 32 bytes.
        """
        if not keys:
            raise ValueError("an audit key is needed")
        if any(len(key) != _KEY_BYTES for key in keys.values()):
            raise ValueError(f"an audit key is {_KEY_BYTES} bytes")
        self._keys: Final = dict(keys)
        self.newest: Final = max(keys)

    def sign(self, n: int, digest: bytes) -> tuple[int, bytes]:
        """Return the key's number and HMAC-SHA-256(key, domain ‖ n ‖ digest); n in 8 bytes."""
        return self.newest, _mac(self._keys[self.newest], n, digest)

    def check(self, n: int, digest: bytes, key_n: int, mac: bytes) -> bool:
        """Say whether this installation signed that the chain's entry `n` has this digest."""
        key = self._keys.get(key_n)
        if key is None or n < 0 or len(digest) != _DIGEST_BYTES:
            return False
        return hmac.compare_digest(_mac(key, n, digest), mac)


def _mac(key: bytes, n: int, digest: bytes) -> bytes:
    return hmac.digest(key, _DOMAIN + n.to_bytes(8) + digest, "sha256")
