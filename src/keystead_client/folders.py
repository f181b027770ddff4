"""What can be asked about folders: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Iterable

from keystead_client._core.arguments import UNSET, Unset, path_of, query_of, set_fields
from keystead_client._core.calls import Call, nothing, one, page
from keystead_client.records import Folder, Grant, Page

__all__ = ["create", "delete", "edit", "find", "get"]


def create(
    name: str,
    *,
    parent_id: str | Unset | None = UNSET,
    grants: Iterable[Grant] | Unset = UNSET,
) -> Call[Folder]:
    """Create a folder; its creator is its manager.

    Args:
        name: unique among its siblings, without `/`.
        parent_id: the folder it lies in; unset or None means at the top.
        grants: further rights, which go down to what lies below.
    """
    body = set_fields(name=name, parent_id=parent_id, grants=_grants(grants))
    return Call("POST", "/folders", one(Folder), body=body)


def find(
    *,
    parent_id: str | None = None,
    path: str | None = None,
    q: str | None = None,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[Page[Folder]]:
    """List folders that the caller may see; `path` finds exactly one, `ops/db`."""
    query = query_of(
        parent_id=parent_id, path=path, q=q, page_token=page_token, page_size=page_size
    )
    return Call("GET", "/folders", page(Folder), query)


def get(folder_id: str) -> Call[Folder]:
    """Ask for one folder."""
    return Call("GET", path_of("folders", folder_id), one(Folder))


def edit(
    folder_id: str,
    *,
    name: str | Unset = UNSET,
    parent_id: str | Unset | None = UNSET,
    grants: Iterable[Grant] | Unset = UNSET,
) -> Call[Folder]:
    """Rename it, move it (None: to the top), or replace its grants whole."""
    body = set_fields(name=name, parent_id=parent_id, grants=_grants(grants))
    return Call("PATCH", path_of("folders", folder_id), one(Folder), body=body)


def delete(folder_id: str) -> Call[None]:
    """Delete an empty folder; its name is free again."""
    return Call("DELETE", path_of("folders", folder_id), nothing)


def _grants(grants: Iterable[Grant] | Unset) -> list[dict[str, str]] | Unset:
    if isinstance(grants, Unset):
        return UNSET
    return [
        {"owner_id": grant.owner_id, "right": grant.right}
        if grant.owner_id is not None
        else {"group_id": grant.group_id or "", "right": grant.right}
        for grant in grants
    ]
