"""What the audit asks of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.audit.chain import SignedHead, StoredEntry
    from keystead.audit.event import Event
    from keystead.core.clock import Instant

__all__ = ["AuditQuery", "AuditRecords"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries to read; each given field must match."""

    verb: str | None = None
    owner_id: str | None = None
    credential_id: str | None = None
    object_id: str | None = None
    decision: str | None = None
    after: Instant | None = None
    before: Instant | None = None


class AuditRecords(Protocol):
    """The chains: this node grows its own, and reads any."""

    async def append(self, event: Event) -> int:
        """Add an entry after this node's newest, in the same transaction as the act; return its number."""

    async def head(self) -> SignedHead:
        """Return the signed head of this node's chain."""

    async def read(
        self, query: AuditQuery, node: int, since: int, size: int
    ) -> Sequence[StoredEntry]:
        """Return up to `size` entries of a node's chain with numbers above `since`, in order."""

    async def newest(self, query: AuditQuery, size: int) -> Sequence[StoredEntry]:
        """Return the newest `size` entries, in order."""
