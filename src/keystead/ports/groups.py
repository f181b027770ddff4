"""What the verbs about groups ask of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.core.clock import Instant
    from keystead.owners.group import Group
    from keystead.ports.paging import Page, PageRequest

__all__ = ["GroupQuery", "GroupRecords"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupQuery:
    """Which groups to list: those with one of the `visible` owners in them; None means all.

    None are visible until a verb says which.
    """

    visible: frozenset[str] | None = frozenset()
    member_id: str | None = None
    q: str | None = None


class GroupRecords(Protocol):
    """Groups and who is in them."""

    async def insert(self, group: Group) -> None:
        """Add one.

        Raises:
            Conflict: another has the name.
        """

    async def find(self, group_id: str) -> Group | None:
        """Return one that is not deleted."""

    async def existing(self, group_ids: Collection[str]) -> frozenset[str]:
        """Return those of the ids that exist and are not deleted."""

    async def save(self, group: Group, was: Group) -> bool:
        """Write the changed record and its members if its revision is still that of `was`.

        Raises:
            Conflict: another has the name.
        """

    async def bury(self, group: Group, at: Instant) -> bool:
        """Delete it, and the grants to it, if its revision is still the record's."""

    async def page(self, query: GroupQuery, page: PageRequest) -> Page[Group]:
        """List by name."""
