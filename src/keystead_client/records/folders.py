"""Folders and the rights on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from keystead_client.records.common import Raw

__all__ = ["Folder", "Grant"]


@dataclass(frozen=True, slots=True)
class Grant:
    """A right on a folder and what lies below it: `viewer`, `user` or `manager`.

    It is an owner's, or everybody's in a group: one of the two ids is there.
    """

    owner_id: str | None
    right: str
    group_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder; `path` is `ops/db`, without slashes around it."""

    id: str
    name: str
    path: str
    parent_id: str | None
    grants: tuple[Grant, ...]
    created_by: str = ""
    created_at: datetime
    modified_at: datetime | None
    raw: Raw = field(repr=False, compare=False)
