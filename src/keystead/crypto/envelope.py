"""Sealed values: AES-256-GCM, bound to the place they are stored in (Law 5).

    format (1 byte, = 1) ‖ seal number (4, big endian) ‖ nonce (12) ‖ ciphertext ‖ tag (16)

The additional data names table, row, column, version and seal number, so that a value copied to
another row, or an old version put in the place of a new one, does not open. The golden vectors are
`tests/vectors/envelopes.json`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keystead.core.errors import Broken, Unavailable
from keystead.crypto.used_keys import SEAL, UsedKeys

__all__ = [
    "KEY_BYTES",
    "OVERHEAD",
    "SEALS_PER_KEY",
    "BrokenEnvelope",
    "Place",
    "Sealer",
    "SealsSpent",
    "head_of",
    "seal_number",
]

KEY_BYTES: Final = 32

# NIST SP 800-38D §8.3 allows 2**32 seals a key with random nonces (a nonce met twice by a chance of
# 2**-32); half of that, so that several nodes need not agree to the last seal.
SEALS_PER_KEY: Final = 2**31
"""How many values may be sealed with one key before a new one must be made."""

_FORMAT: Final = 1
_NUMBER: Final = slice(1, 5)
_NONCE: Final = slice(5, 17)
_TEXT: Final = slice(17, None)
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEAD: Final = struct.Struct(">BI")

OVERHEAD: Final = _HEAD.size + _NONCE_BYTES + _TAG_BYTES
"""Bytes an envelope is longer than its plaintext."""

# Format, seal number, version, and the three names' lengths in bytes; the names follow. With the
# lengths in front no two places share an encoding.
_PLACE: Final = struct.Struct(">BIQHHH")


class BrokenEnvelope(Broken):
    """A sealed value that does not open here: altered, moved, or sealed with an absent key."""

    rule = "sealed value altered or moved"


class SealsSpent(Unavailable):
    """The newest seal key has sealed as much as is safe; a new one must be made first."""

    def __init__(self, n: int) -> None:
        """Say which."""
        super().__init__(
            "busy",
            f"seal key {n} has sealed as much as is safe; run keystead keyring rotate seal",
        )


class Place(NamedTuple):
    """Where a sealed value lives; it opens nowhere else.

    Attributes:
        table: the table's name.
        row: the row's id.
        column: the column's name.
        version: the version of the value in this place, 0 to 2**64 - 1.
    """

    table: str
    row: str
    column: str
    version: int


class Sealer:
    """Seals with the newest key, opens with whichever one sealed.

    Attributes:
        newest: the number of the key that seals.
        seals: how many values have been sealed with it: by this process, and by all of them as far as they
            had counted them into the keyring when this one last read it.
    """

    __slots__ = ("_keys", "_uncounted", "_used", "newest", "seals")

    def __init__(self, keys: Mapping[int, bytes], used: UsedKeys | None = None) -> None:
        """Prepare every live key.

        Args:
            keys: 32 random bytes each, by number (1 to 2**32 - 1); the highest is the newest.
            used: is told which one seals.

        Raises:
            ValueError: there is none, or one has another length.
        """
        self._used: Final = UsedKeys() if used is None else used
        self._uncounted: dict[int, int] = {}
        self.learn(keys)

    def learn(self, keys: Mapping[int, bytes], counted: int = 0) -> None:
        """Go on with these keys instead, the newest of which has sealed so many values by all accounts.

        Raises:
            ValueError: as at first.
        """
        if not keys:
            raise ValueError("a sealer needs a key")
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError(f"a seal key is {KEY_BYTES} bytes")
        self._keys = {n: AESGCM(key) for n, key in keys.items()}
        self.newest = max(keys)
        self.seals = counted + self._uncounted.get(self.newest, 0)

    def take_uncounted(self) -> dict[int, int]:
        """Return by number how many values this process has sealed since it was last asked."""
        taken, self._uncounted = self._uncounted, {}
        return taken

    def give_back(self, uncounted: Mapping[int, int]) -> None:
        """Take back what could not be counted into the keyring."""
        for n, seals in uncounted.items():
            self._uncounted[n] = self._uncounted.get(n, 0) + seals

    def seal(self, place: Place, plaintext: bytes) -> bytes:
        """Return the envelope of `plaintext` for this place.

        Raises:
            SealsSpent: the newest key has reached `SEALS_PER_KEY`.
        """
        if self.seals >= SEALS_PER_KEY:
            raise SealsSpent(self.newest)
        self.seals += 1
        self._uncounted[self.newest] = self._uncounted.get(self.newest, 0) + 1
        self._used.note(SEAL, self.newest)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self.newest].encrypt(nonce, plaintext, _bind(place, self.newest))
        return _HEAD.pack(_FORMAT, self.newest) + nonce + sealed

    def open(self, place: Place, envelope: bytes) -> bytes:
        """Return what was sealed for this place.

        Raises:
            BrokenEnvelope: it was altered, moved, or sealed with a key that is not here. The
                message names the place and the seal number, never the contents.
        """
        n = seal_number(envelope)
        key = self._keys.get(n)
        if key is None:
            raise BrokenEnvelope(
                f"{_name(place)} is sealed with key {n}, which is not in the keyring"
            )
        try:
            return key.decrypt(envelope[_NONCE], envelope[_TEXT], _bind(place, n))
        except InvalidTag:
            # Without a cause: the library's error would add nothing but its own frames.
            raise BrokenEnvelope(f"{_name(place)} does not open: altered or moved") from None


def head_of(n: int) -> bytes:
    """Return how the envelopes of a key begin."""
    return _HEAD.pack(_FORMAT, n)


def seal_number(envelope: bytes) -> int:
    """Return the number of the key that an envelope says it was sealed with.

    Raises:
        BrokenEnvelope: it is too short, or of an unknown format.
    """
    if len(envelope) < OVERHEAD or envelope[0] != _FORMAT:
        raise BrokenEnvelope("this is not a sealed value of a known format")
    return int.from_bytes(envelope[_NUMBER])


def _bind(place: Place, n: int) -> bytes:
    table, row, column = place.table.encode(), place.row.encode(), place.column.encode()
    lengths = len(table), len(row), len(column)
    return b"".join((_PLACE.pack(_FORMAT, n, place.version, *lengths), table, row, column))


def _name(place: Place) -> str:
    return f"{place.table}.{place.column} of {place.row}, version {place.version},"
