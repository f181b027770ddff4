"""What the verbs about the house's own keys ask of a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from keystead.core.errors import KeysteadError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant
    from keystead.crypto.keyring import MasterKey, WrappedKey

__all__ = ["KeptKeys", "KeyReplaced", "KeyringRecords", "Purpose", "SealedRow", "SealedTable"]

Purpose = Literal["seal", "pepper"]
"""What keys are rotated for."""

SealedTable = Literal["account_versions", "signing_keys", "kept_answers"]
"""Tables that hold sealed values."""


class KeyReplaced(KeysteadError):  # a state, which who asks hears nothing of
    """A key made something new that another one has taken the place of; nothing was done."""


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """The keyring as it is kept.

    Attributes:
        key_id: of the master key that wraps it.
        keys: all of them.
        derivation: how the master key is made of a passphrase; nothing where it is not.
    """

    key_id: str
    keys: Sequence[WrappedKey]
    derivation: str = ""


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A sealed value.

    Attributes:
        key: of its row, as `KeyringRecords` takes it.
        place: what it is bound to besides its table and column.
        sealed: its envelope.
    """

    key: tuple[str | int, ...]
    place: tuple[str | int, ...]
    sealed: bytes = field(repr=False)


class KeyringRecords(Protocol):
    """The keyring, and which master key wraps it."""

    async def master_key_id(self) -> str:
        """Return the master key's id; in an act, nobody else changes the keyring until that is done."""

    async def kept(self) -> KeptKeys:
        """Return every key, and which master key wraps them."""

    async def rewrap(self, keys: Sequence[WrappedKey], was: str, master: MasterKey) -> bool:
        """Keep every key as another master key has wrapped it; False where `was` is not the one in force."""

    async def succeed(self, key: WrappedKey, at: Instant) -> bool:
        """Add a key that takes the place of the one before it; False where that has happened already.

        Whatever uses the one before is waited for, and whoever uses it from then on is refused: see
        `KeyReplaced`.
        """

    async def remove(self, purpose: Purpose, n: int) -> bool:
        """Remove a key that another one has taken the place of; False where it is gone already."""

    async def count(self, n: int, seals: int) -> None:
        """Add to the number of values that a seal key has sealed."""

    async def sealed_by(
        self, table: SealedTable, n: int, after: tuple[str | int, ...] | None, most: int
    ) -> Sequence[SealedRow]:
        """Return values of a table that a seal key has sealed, by row, behind the row `after`."""

    async def seal_anew(self, table: SealedTable, row: SealedRow, sealed: bytes) -> bool:
        """Put another envelope in the place of a row's; False where that is not the same any more."""

    async def finds_any(self, pepper: int, at: Instant) -> bool:
        """Say whether a pepper finds a secret or token that can be used, or can come to be used again."""
