"""What the audit asks of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from keystead.audit.chain import Head, Place, SignedHead, StoredEntry
    from keystead.audit.event import Event
    from keystead.core.clock import Instant

__all__ = ["NEWEST", "AuditQuery", "AuditRecords", "ChainState", "Moment", "Part"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries to read; each given field must match."""

    node: int | None = None
    verb: str | None = None
    owner_id: str | None = None
    credential_id: str | None = None
    object_id: str | None = None
    decision: str | None = None
    after: Instant | None = None
    before: Instant | None = None


class Moment(NamedTuple):
    """Where an entry is among those of all chains, in the order of their instants.

    Along one chain its number alone counts.
    """

    at: int
    node: int
    n: int


NEWEST: Final = Moment((1 << 63) - 1, 0, 0)
"""Behind every entry."""


class ChainState(NamedTuple):
    """A node's chain as it is now.

    Attributes:
        last: the number of the last entry that is there; 0 where none is.
        head: as it was signed; None where the store has lost it.
        cut: the last entry that was cut off by retention, signed as a cut; None where none was.
    """

    node: int
    last: int
    head: SignedHead | None
    cut: SignedHead | None = None

    @property
    def end(self) -> int:
        """The number up to which there is something to read, or should be."""
        return self.last if self.head is None else max(self.last, self.head.n)

    @property
    def before(self) -> int:
        """The number of the last entry that is not to be read any more; 0 where none was cut off."""
        return 0 if self.cut is None else self.cut.n


class Part(NamedTuple):
    """What one look at the entries found; a look is bounded, however few of them match.

    Attributes:
        entries: those that match, in the order of the look.
        reached: everything up to here, itself too, has been looked at.
        is_last: whether nothing lies behind that.
    """

    entries: Sequence[StoredEntry]
    reached: Moment
    is_last: bool


class AuditRecords(Protocol):
    """The chains: this node grows its own, and reads any."""

    @property
    def node(self) -> int:
        """Whose chain `append` grows."""

    async def append(self, event: Event) -> None:
        """Add an entry after this node's newest, in the same transaction as the act."""

    async def cut(self, head: Head) -> None:
        """Keep, signed, that this node's chain begins behind an entry; in the transaction that enters it.

        What lies before is `forget`'s from then on.
        """

    async def forget(self, size: int) -> int:
        """Delete up to so many entries that were cut off this node's chain; return how many."""

    async def chains(self) -> Sequence[ChainState]:
        """Return every chain of which an entry, a head or a cut is there, and this node's, by node."""

    async def onwards(self, query: AuditQuery, since: Moment, size: int) -> Part:
        """Look through a node's chain from behind an entry, for up to `size` entries, in order."""

    async def backwards(self, query: AuditQuery, before: Moment, size: int) -> Part:
        """Look through a node's chain from before an entry back, for up to `size`, the newest first."""

    async def latest(self, query: AuditQuery, before: Moment, size: int) -> Part:
        """Look through all chains from before a moment back, for up to `size`, the latest first."""

    async def digests(self, places: Collection[Place]) -> Mapping[Place, bytes]:
        """Return the digest of each of these entries that is there."""
