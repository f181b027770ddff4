"""What the verbs about owners ask of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.owners.owner import Owner, OwnerKind, OwnerState
    from keystead.policy.roles import Role
    from keystead.ports.paging import Page, PageRequest

__all__ = ["OwnerQuery", "OwnerRecords", "OwnerSort"]

OwnerSort = Literal["name", "-name", "created_at", "-created_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerQuery:
    """Which owners to list; `external_id` is meant to the letter.

    `visible` None means all, and none are until a verb says which.
    """

    visible: frozenset[str] | None = frozenset()
    kind: OwnerKind | None = None
    q: str | None = None
    external_id: str | None = None
    state: OwnerState | None = None
    role: Role | None = None
    sort: OwnerSort = "name"


class OwnerRecords(Protocol):
    """Users and applications."""

    async def insert(self, owner: Owner, password_hash: str | None) -> None:
        """Add one.

        Raises:
            Conflict: the name (of its kind), the log-in name or the external id is taken.
        """

    async def find(self, owner_id: str) -> Owner | None:
        """Return one."""

    async def find_with_password(self, owner_id: str) -> tuple[Owner, str | None] | None:
        """Return one with the hash of his password; None in its place where he has none."""

    async def existing(self, owner_ids: Collection[str]) -> frozenset[str]:
        """Return those of the ids that exist."""

    async def own_of(self, owner_id: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the ids of the applications that he manages, and of the groups that he is in."""

    async def save(self, owner: Owner, was: Owner, password_hash: str | None = None) -> bool:
        """Write the changed record, and the password if there is a new one, if its revision is still `was`'s.

        Raises:
            Conflict: another has the name or the external id.
        """

    async def other_administrators(self, owner_id: str) -> int:
        """Count the active administrators besides this one."""

    async def page(self, query: OwnerQuery, page: PageRequest) -> Page[Owner]:
        """List."""
