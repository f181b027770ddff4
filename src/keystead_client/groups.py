"""What can be asked about groups of owners: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Sequence

from keystead_client._core.arguments import UNSET, Unset, path_of, query_of, set_fields
from keystead_client._core.calls import Call, nothing, one, page
from keystead_client.records import Group, Page

__all__ = ["create", "delete", "edit", "find", "get"]


def create(name: str, members: Sequence[str] | Unset = UNSET) -> Call[Group]:
    """Create a group of these owners (`own_…`), at most a thousand."""
    body = set_fields(name=name, members=members)
    return Call("POST", "/groups", one(Group), body=body)


def find(
    *,
    member_id: str | None = None,
    q: str | None = None,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[Page[Group]]:
    """List groups that the caller may see; `member_id` finds those that an owner is in."""
    query = query_of(member_id=member_id, q=q, page_token=page_token, page_size=page_size)
    return Call("GET", "/groups", page(Group), query)


def get(group_id: str) -> Call[Group]:
    """Ask for one group."""
    return Call("GET", path_of("groups", group_id), one(Group))


def edit(
    group_id: str,
    *,
    name: str | Unset = UNSET,
    members: Sequence[str] | Unset = UNSET,
    add_members: Sequence[str] | Unset = UNSET,
    remove_members: Sequence[str] | Unset = UNSET,
) -> Call[Group]:
    """Rename it, or change who is in it.

    Args:
        group_id: which one.
        name: what it shall be called.
        members: who shall be in it, and nobody else.
        add_members: who shall come; those who are in it already stay.
        remove_members: who shall leave.
    """
    body = set_fields(
        name=name, members=members, add_members=add_members, remove_members=remove_members
    )
    return Call("PATCH", path_of("groups", group_id), one(Group), body=body)


def delete(group_id: str) -> Call[None]:
    """Delete a group, and with it what was granted to it; its name is free again."""
    return Call("DELETE", path_of("groups", group_id), nothing)
