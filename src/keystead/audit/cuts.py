"""What retention does to a chain: what is old enough is cut off its beginning, and an entry says so.

The entry of the verb `audit.cut` names the last entry that goes and holds the checkpoint at it. In the same
transaction the store keeps where the chain begins from then on, signed; what lies before is deleted later.
Nothing is cut that was not read and found whole first: an edit would be gone with its evidence.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from keystead.audit.chain import (
    Head,
    SearchColumns,
    decode_checkpoint,
    encode_checkpoint,
    follow,
)
from keystead.audit.entry import decode_entry
from keystead.audit.errors import BrokenEntry
from keystead.audit.event import ObjectRef
from keystead.core.clock import DAY, later
from keystead.core.errors import Invalid, KeysteadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.audit.chain import SignedHead, StoredEntry
    from keystead.audit.event import Event
    from keystead.core.clock import Instant

__all__ = ["CUT", "CUT_OFF", "NotCut", "NothingToCut", "Reading", "cut_in", "facts_of"]

CUT: Final = "audit.cut"
"""The verb of such an entry."""

CUT_OFF: Final = ObjectRef("audit", "cut", "entries past their retention")
"""Its object."""

_CHECKPOINT: Final = "checkpoint"


class NothingToCut(KeysteadError):  # a state, not a fault
    """Nothing is kept for a bounded time only, or nothing is old enough."""


class NotCut(KeysteadError):
    """What is old enough is not as it was written, so it stays; the message says where."""


def facts_of(head: SignedHead, days: int) -> dict[str, str | int | bool]:
    """Return the facts of an entry that cuts off everything up to this head, as older than so many days."""
    return {"through": head.n, _CHECKPOINT: encode_checkpoint(head), "days": days}


def cut_in(event: Event) -> Head | None:
    """Return up to where an entry cuts its chain; None where it cuts nothing.

    Raises:
        BrokenEntry: it says that it cuts, and not where.
    """
    if event.verb != CUT or event.decision != "allowed":
        return None
    try:
        head = decode_checkpoint(str((event.facts or {}).get(_CHECKPOINT)))
    except Invalid:
        raise BrokenEntry(f"its fact {_CHECKPOINT!r} is no audit checkpoint") from None
    return Head(head.node, head.n, head.digest)


class Reading:
    """Reads a chain from where it begins, up to the first entry that is to be kept.

    Attributes:
        reached: the last entry that was read.
        through: the one before it, up to which may be cut: the newest one always stays.
    """

    def __init__(self, begins: Head, until: Instant) -> None:
        """Begin.

        Args:
            begins: what the first entry follows.
            until: what was entered before this instant is old enough.
        """
        self._begins: Final = begins
        self._until: Final = until
        self.reached = begins
        self.through = begins

    def go_on(self, entries: Iterable[StoredEntry]) -> bool:
        """Read the next entries; say whether all of them are old enough.

        Raises:
            NothingToCut: the first of all entries has not been old enough for a day: one cut a day is enough.
            NotCut: an entry is missing, or is not as it was written.
        """
        for entry in entries:
            at = self._read(entry)
            if self.through == self._begins and at > later(self._until, -DAY):
                raise NothingToCut
            if at >= self._until:
                return False
        return True

    def _read(self, entry: StoredEntry) -> Instant:
        head = follow(self.reached, entry.bytes)
        try:
            node, n, event = decode_entry(entry.bytes)
        except BrokenEntry:
            raise NotCut(_told(head)) from None
        if (
            (node, n) != head[:2]
            or (entry.node, entry.n) != head[:2]
            or SearchColumns.of(event) != entry.columns
            or not compare_digest(head.digest, entry.digest)
        ):
            raise NotCut(_told(head))
        self.through, self.reached = self.reached, head
        return event.at


def _told(head: Head) -> str:
    return (
        f"the audit is not cut: entry {head.n} of node {head.node} is missing or not as it was written; run"
        " keystead audit verify"
    )
