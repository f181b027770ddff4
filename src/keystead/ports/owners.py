"""What the verbs about owners ask of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.owners.owner import Owner, OwnerKind
    from keystead.ports.paging import Page, PageRequest

__all__ = ["OwnerQuery", "OwnerRecords"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerQuery:
    """Which owners to list; `visible` None means all."""

    visible: frozenset[str] | None
    kind: OwnerKind | None = None
    q: str | None = None


class OwnerRecords(Protocol):
    """Users and applications."""

    async def insert(self, owner: Owner, password_hash: str | None) -> None:
        """Add one.

        Raises:
            Conflict: the name (of its kind) or the log-in name is taken.
        """

    async def find(self, owner_id: str) -> Owner | None:
        """Return one."""

    async def existing(self, owner_ids: Collection[str]) -> frozenset[str]:
        """Return those of the ids that exist."""

    async def save(self, owner: Owner, was: int) -> bool:
        """Write the changed record if its revision is still `was`.

        Raises:
            Conflict: another has the name.
        """

    async def other_administrators(self, owner_id: str) -> int:
        """Count the active administrators besides this one."""

    async def page(self, query: OwnerQuery, page: PageRequest) -> Page[Owner]:
        """List by name."""
