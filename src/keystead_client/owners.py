"""What can be asked about users and applications: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Sequence

from keystead_client import _reading
from keystead_client._core import UNSET, Call, Unset, one, page, path_of, query_of, set_fields
from keystead_client.records import Owner, Page

__all__ = ["create", "edit", "find", "get"]


def create(
    kind: str,
    name: str,
    *,
    login: str | None = None,
    email: str | None = None,
    roles: Sequence[str] = (),
    managed_by: str | None = None,
) -> Call[Owner]:
    """Create a user or an application.

    Args:
        kind: `user` or `application`.
        name: as people call it.
        login: for users: what they log in by.
        email: where notices go.
        roles: of `administrator`, `manager`, `auditor`, `user`.
        managed_by: for applications: the owner (`own_…`) who manages it.
    """
    body = set_fields(
        kind=kind,
        name=name,
        login=UNSET if login is None else login,
        email=UNSET if email is None else email,
        roles=list(roles) if roles else UNSET,
        managed_by=UNSET if managed_by is None else managed_by,
    )
    return Call("POST", "/owners", one(_reading.owner), body=body)


def find(
    *,
    kind: str | None = None,
    q: str | None = None,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[Page[Owner]]:
    """List users and applications that the caller may see."""
    query = query_of(kind=kind, q=q, page_token=page_token, page_size=page_size)
    return Call("GET", "/owners", page(_reading.owner), query)


def get(owner_id: str) -> Call[Owner]:
    """Ask for one owner."""
    return Call("GET", path_of("owners", owner_id), one(_reading.owner))


def edit(
    owner_id: str,
    *,
    name: str | Unset = UNSET,
    email: str | Unset = UNSET,
    roles: Sequence[str] | Unset = UNSET,
    state: str | Unset = UNSET,
    managed_by: str | Unset = UNSET,
) -> Call[Owner]:
    """Change what is given and leave the rest; `state` is `active` or `disabled`."""
    body = set_fields(name=name, email=email, roles=roles, state=state, managed_by=managed_by)
    return Call("PATCH", path_of("owners", owner_id), one(_reading.owner), body=body)
