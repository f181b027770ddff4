"""Folders: where accounts live and rights are granted; a tree of named places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from keystead.core.errors import Conflict, FieldError, Invalid
from keystead.core.names import name_key, wrong_name
from keystead.policy.roles import Right

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from keystead.core.clock import Instant

__all__ = [
    "MAX_DEPTH",
    "MAX_FOLDERS",
    "MAX_GRANTS",
    "Folder",
    "FolderTree",
    "FolderWish",
    "require_place",
    "split_path",
]

MAX_DEPTH: Final = 32
MAX_GRANTS: Final = 200
MAX_FOLDERS: Final = 10_000
"""Every process remembers the tree whole, and reads all of it when one of them changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder and the rights granted on it.

    Attributes:
        id: `fold_…`.
        parent_id: the folder it lies in; None at the top.
        grants: owner or group id to right; holds for sub-folders too.
    """

    id: str
    parent_id: str | None
    name: str
    grants: Mapping[str, Right]
    created_by: str
    created_at: Instant
    modified_at: Instant
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderWish:
    """The fields of a folder that its maker or editor may choose."""

    name: str | UnsetType = UNSET
    parent_id: str | UnsetType | None = UNSET
    grants: Mapping[str, Right] | UnsetType = UNSET

    def wrong(self) -> list[FieldError]:
        """Return every wrong field."""
        return list(self._wrong())

    def _wrong(self) -> Iterator[FieldError]:
        if self.name is not UNSET and (rule := wrong_name(self.name, in_path=True)):
            yield FieldError("name", rule)
        if self.grants is not UNSET and len(self.grants) > MAX_GRANTS:
            yield FieldError("grants", f"at most {MAX_GRANTS}")


@dataclass(frozen=True, slots=True)
class FolderTree:
    """Every living folder's place and grants, as far as rules and paths need them.

    Attributes:
        parents: folder id to parent id, None at the top.
        names: folder id to name.
        grants: folder id to owner or group id to right; folders without grants are left out.
        children: parent id (None at the top) and name key to folder id.
    """

    parents: Mapping[str, str | None]
    names: Mapping[str, str]
    grants: Mapping[str, Mapping[str, Right]]
    children: Mapping[tuple[str | None, str], str]

    def find(self, parts: Sequence[str]) -> str | None:
        """Return the id of the folder at a path, given as names from the top."""
        here: str | None = None
        for part in parts:
            here = self.children.get((here, name_key(part)))
            if here is None:
                return None
        return here

    def names_grantee(self, grantee: str) -> bool:
        """Say whether an owner or a group has a right granted on any folder."""
        return any(grantee in grants for grants in self.grants.values())

    def path(self, folder_id: str) -> str:
        """Return the folder's path from the top, names joined by `/`."""
        return "/".join(self.names[f] for f in reversed(self._upwards(folder_id)))

    def _upwards(self, folder_id: str) -> list[str]:
        found: list[str] = []
        here: str | None = folder_id
        # A tree never is deeper; a damaged one must not keep a process busy for ever.
        while here is not None and len(found) <= MAX_DEPTH:
            found.append(here)
            here = self.parents.get(here)
        return found


def require_place(above: Sequence[str], height: int, moving: str | None = None) -> None:
    """Refuse a place that is too deep, or that lies inside the folder being moved.

    Args:
        above: the new parent and the folders it lies in, read in the act's own transaction: two moves at
            once, each judged by what was before, would close a circle.
        height: how many levels are put there.
        moving: the folder being moved; None for a new one.

    Raises:
        Conflict: the folder would come to lie in itself.
        Invalid: the tree would be deeper than `MAX_DEPTH`.
    """
    if moving is not None and moving in above:
        raise Conflict("wrong_state", "a folder cannot be moved into itself")
    if len(above) + height > MAX_DEPTH:
        raise Invalid.of(
            FieldError("parent_id", f"folders nest at most {MAX_DEPTH} deep"),
        )


def split_path(path: str) -> list[str]:
    """Return the names of a path such as `ops/databases/orders`.

    Raises:
        Invalid: a part is empty, `.` or `..`, or the path is too long to exist.
    """
    parts = path.split("/")
    if len(parts) > MAX_DEPTH + 1 or any(wrong_name(part, in_path=True) for part in parts):
        raise Invalid.of(FieldError("path", "must be names joined by single slashes"))
    return parts
