"""The record of a group (owners who are given rights together) and the rules for its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from keystead.core.errors import FieldError
from keystead.core.names import wrong_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keystead.core.clock import Instant

__all__ = ["MAX_MEMBERS", "Group", "GroupWish"]

MAX_MEMBERS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Owners who have the rights that are granted to it, besides their own.

    Attributes:
        id: `grp_…`.
        members: ids of users and applications; groups are in no group.
        revision: raised by each change.
    """

    id: str
    name: str
    members: frozenset[str]
    created_by: str
    created_at: Instant
    modified_at: Instant
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWish:
    """The fields of a group that its maker or editor may choose.

    `members` says who shall be in it; `add_members` and `remove_members` say what shall change, so that two
    editors at once do not undo each other.
    """

    name: str | UnsetType = UNSET
    members: tuple[str, ...] | UnsetType = UNSET
    add_members: tuple[str, ...] | UnsetType = UNSET
    remove_members: tuple[str, ...] | UnsetType = UNSET

    def members_after(self, before: frozenset[str]) -> frozenset[str]:
        """Return who is in it then."""
        if not isinstance(self.members, UnsetType):
            return frozenset(self.members)
        return (before | frozenset(self.add_members or ())) - frozenset(self.remove_members or ())

    def wrong(self) -> list[FieldError]:
        """Return every wrong field."""
        return list(self._wrong())

    def _wrong(self) -> Iterator[FieldError]:
        if self.name is not UNSET and (rule := wrong_name(self.name)):
            yield FieldError("name", rule)
        changes = {"add_members": self.add_members, "remove_members": self.remove_members}
        for field, given in changes.items():
            if self.members is not UNSET and given is not UNSET:
                yield FieldError(field, "excludes members")
        added = frozenset(self.add_members or ())
        for i, member in enumerate(self.remove_members or ()):
            if member in added:
                yield FieldError(f"remove_members[{i}]", "is to be added too")
