"""The keys of an installation: random ones, each wrapped by the master key, which only wraps.

Wrapped keys lie in a small table and are opened once at the start. Each is bound to its purpose and
number, so that none can be put in another's place. Rotating the master key wraps them anew and
touches nothing that they sealed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from keystead.core.errors import Misconfigured
from keystead.crypto.audit_key import AuditKey
from keystead.crypto.digest import Digester
from keystead.crypto.envelope import Sealer
from keystead.crypto.jose.signing import Signers
from keystead.crypto.master.key import MasterKey, create_master_key, read_master_key
from keystead.crypto.used_keys import AUDIT, PEPPER, SEAL, UsedKeys

__all__ = [
    "AUDIT",
    "PEPPER",
    "SEAL",
    "AuditKey",
    "Keyring",
    "MasterKey",
    "WrappedKey",
    "create_master_key",
    "new_key",
    "new_keyring",
    "read_master_key",
    "rewrapped",
]

_PURPOSES: Final = (SEAL, PEPPER, AUDIT)

_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """One row of the keyring table.

    Attributes:
        purpose: `seal`, `pepper` or `audit`.
        n: its number within the purpose, from 1; the highest is in use for new work.
        wrapped: the key as `MasterKey.wrap` left it.
        superseded_at: since when a newer one is in use for new work; microseconds since 1970.
        seals: how many values it has sealed, as far as it was counted.
    """

    purpose: str
    n: int
    wrapped: bytes = field(repr=False)
    superseded_at: int | None = None
    seals: int = 0


@dataclass(frozen=True, slots=True)
class Keyring:
    """The opened keys, as what they are good for.

    Attributes:
        sealer: seals and opens stored values.
        digester: computes the digests that secrets are found by.
        audit: signs and checks the head of the audit chain.
        signers: opens the keys that sign access tokens.
        used: which keys have made something new, as sealer and digester tell it.
        superseded: seal keys and peppers that others have taken the place of, but that still open.
    """

    sealer: Sealer
    digester: Digester
    audit: AuditKey
    signers: Signers
    used: UsedKeys
    superseded: list[tuple[str, int]] = field(default_factory=list)

    @classmethod
    def open(cls, rows: Iterable[WrappedKey], master: MasterKey, expected_key_id: str) -> Keyring:
        """Open every wrapped key.

        Args:
            rows: the whole keyring table.
            master: the master key that was given to this start.
            expected_key_id: the id of the master key that the table was last wrapped with.

        Raises:
            Misconfigured: it is another master key, or a row was altered, moved, doubled or lost.
        """
        keys = _opened(rows := list(rows), master, expected_key_id)
        used = UsedKeys()
        sealer = Sealer(keys[SEAL], used)
        digester = Digester(keys[PEPPER], used)
        keyring = cls(sealer, digester, AuditKey(keys[AUDIT]), Signers(sealer), used)
        keyring._take_up(keys, rows)
        return keyring

    def learn(self, rows: Iterable[WrappedKey], master: MasterKey, expected_key_id: str) -> None:
        """Go on with what the table holds now: seal keys and peppers come and go.

        Raises:
            Misconfigured: as `open`; then nothing changes.
        """
        rows = list(rows)
        self._take_up(_opened(rows, master, expected_key_id), rows)

    def _take_up(self, keys: dict[str, dict[int, bytes]], rows: list[WrappedKey]) -> None:
        newest = max(keys[SEAL])
        counted = sum(row.seals for row in rows if (row.purpose, row.n) == (SEAL, newest))
        self.sealer.learn(keys[SEAL], counted)
        self.digester.learn(keys[PEPPER])
        self.superseded[:] = [(row.purpose, row.n) for row in rows if row.superseded_at is not None]


def _opened(
    rows: Iterable[WrappedKey], master: MasterKey, expected_key_id: str
) -> dict[str, dict[int, bytes]]:
    made = master.derivation.startswith("argon2id")
    if master.key_id != expected_key_id:
        raise Misconfigured(
            f"This database needs master key {expected_key_id}; the one given is"
            f" {master.key_id}. Give the right one; no other opens it."
            + (" It is made of a passphrase, and another one makes another key." if made else "")
        )
    keys: dict[str, dict[int, bytes]] = {purpose: {} for purpose in _PURPOSES}
    for row in rows:
        if row.purpose not in keys:
            raise Misconfigured(
                f"The keyring holds a key for {row.purpose!r}, which this version of Keystead"
                " does not know. Was the database used with a newer version?"
            )
        if row.n in keys[row.purpose]:
            raise Misconfigured(f"The keyring holds two keys {row.purpose} {row.n}.")
        keys[row.purpose][row.n] = master.unwrap(row.purpose, row.n, row.wrapped)
    for purpose, held in keys.items():
        if not held:
            raise Misconfigured(
                f"The keyring has lost its {purpose} key. Restore it from a backup."
            )
    return keys


def rewrapped(keys: Iterable[WrappedKey], old: MasterKey, new: MasterKey) -> list[WrappedKey]:
    """Return the same keys as another master key wraps them.

    Raises:
        Misconfigured: one does not open with the old master key.
    """
    return [
        replace(
            key, wrapped=new.wrap(key.purpose, key.n, old.unwrap(key.purpose, key.n, key.wrapped))
        )
        for key in keys
    ]


def new_key(master: MasterKey, purpose: str, n: int) -> WrappedKey:
    """Make 32 random bytes for a purpose, wrapped at once."""
    return WrappedKey(purpose, n, master.wrap(purpose, n, os.urandom(_KEY_BYTES)))


def new_keyring(master: MasterKey) -> tuple[WrappedKey, ...]:
    """Make the first key of each purpose, for a new installation."""
    return tuple(new_key(master, purpose, 1) for purpose in _PURPOSES)
