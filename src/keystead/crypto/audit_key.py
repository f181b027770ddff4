"""The key that signs the audit's head, and where it was cut: without it no edited chain verifies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from hmac import compare_digest
from typing import Final

from keystead.crypto.keyed_hash import KeyedHash

__all__ = ["AuditKey"]

_HEAD: Final = b"keystead audit head 1\0"
_CUT: Final = b"keystead audit cut 1\0"
_DIGEST_BYTES: Final = hashlib.sha256().digest_size
# What four and eight bytes hold; numbers read from a file may be larger.
_NODES: Final = 2**32
_ENTRIES: Final = 2**64


class AuditKey:
    """Signs and checks heads, exported checkpoints, which are heads that left the house, and cuts.

    Of a cut the same is said under another domain: every head that was ever signed may be lying about in an
    export or a join, and none of them allows that what is before it be gone.
    """

    __slots__ = ("_keys", "newest")

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Hold every audit key there ever was; the highest number signs.

        Raises:
            ValueError: there is none, or one has not 32 bytes.
        """
        if not keys:
            raise ValueError("an audit key is needed")
        self._keys: Final = {n: KeyedHash(key) for n, key in keys.items()}
        self.newest: Final = max(keys)

    def sign(self, node: int, n: int, digest: bytes) -> tuple[int, bytes]:
        """Return the key's number and HMAC-SHA-256(key, domain ‖ node ‖ n ‖ digest).

        The node in 4 bytes, n in 8, the most significant first.
        """
        return self._sign(_HEAD, node, n, digest)

    def check(self, node: int, n: int, digest: bytes, key_n: int, mac: bytes) -> bool:
        """Say whether this installation signed that entry `n` of the node's chain has this digest."""
        return self._check(_HEAD, node, n, digest, key_n, mac)

    def sign_cut(self, node: int, n: int, digest: bytes) -> tuple[int, bytes]:
        """Return the same as `sign` of a chain that was cut behind entry `n`."""
        return self._sign(_CUT, node, n, digest)

    def check_cut(self, node: int, n: int, digest: bytes, key_n: int, mac: bytes) -> bool:
        """Say whether this installation cut the node's chain behind entry `n`, which had this digest."""
        return self._check(_CUT, node, n, digest, key_n, mac)

    def _sign(self, domain: bytes, node: int, n: int, digest: bytes) -> tuple[int, bytes]:
        return self.newest, self._keys[self.newest].digest(_said(domain, node, n, digest))

    def _check(  # what is signed, and by what
        self, domain: bytes, node: int, n: int, digest: bytes, key_n: int, mac: bytes
    ) -> bool:
        key = self._keys.get(key_n)
        if (
            key is None
            or not 0 <= node < _NODES
            or not 0 <= n < _ENTRIES
            or len(digest) != _DIGEST_BYTES
        ):
            return False
        return compare_digest(key.digest(_said(domain, node, n, digest)), mac)


def _said(domain: bytes, node: int, n: int, digest: bytes) -> bytes:
    return domain + node.to_bytes(4) + n.to_bytes(8) + digest
