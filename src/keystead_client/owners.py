"""What can be asked about users and applications: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keystead_client._core.arguments import UNSET, Unset, path_of, query_of, set_fields
from keystead_client._core.calls import Answer, Call, nothing, one, page
from keystead_client._core.decoding import Malformed, decode, parse
from keystead_client._core.secret import Secret
from keystead_client.records import NewPassword, Owner, Page, Roles

__all__ = [
    "change_password",
    "create",
    "create_with_generated_password",
    "edit",
    "edit_with_generated_password",
    "find",
    "get",
    "roles",
]


def create(  # noqa: PLR0913  # the fields of an owner
    kind: str,
    name: str,
    *,
    login: str | Unset = UNSET,
    email: str | Unset = UNSET,
    roles: Sequence[str] | Unset = UNSET,
    state: str | Unset = UNSET,
    managed_by: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    metadata: Mapping[str, str] | Unset = UNSET,
    password: Secret | Unset = UNSET,
) -> Call[Owner]:
    """Create a user or an application.

    Args:
        kind: `user` or `application`.
        name: as people call it.
        login: for users: what they log in by.
        email: where notices go.
        roles: of `administrator`, `manager`, `auditor`, `user`.
        state: `active` or `disabled`; unset means active.
        managed_by: for applications: the owner (`own_…`) who manages it.
        external_id: for applications: what it is called elsewhere, unique.
        metadata: for applications: texts that somebody may want to find with it.
        password: for users: 12 to 256 characters, theirs to change.
    """
    body = set_fields(
        kind=kind,
        name=name,
        login=login,
        email=email,
        roles=roles,
        state=state,
        managed_by=managed_by,
        external_id=external_id,
        metadata=metadata,
        password=password,
    )
    return Call("POST", "/owners", one(Owner), body=body)


def create_with_generated_password(
    name: str,
    *,
    login: str | Unset = UNSET,
    email: str | Unset = UNSET,
    roles: Sequence[str] | Unset = UNSET,
    state: str | Unset = UNSET,
) -> Call[NewPassword]:
    """Create a user whose password the server makes; the answer holds it, and no later one does.

    The rest as `create`.
    """
    body = set_fields(
        kind="user",
        name=name,
        login=login,
        email=email,
        roles=roles,
        state=state,
        generate_password=True,
    )
    return Call("POST", "/owners", _new_password, body=body)


def find(
    *,
    kind: str | None = None,
    q: str | None = None,
    external_id: str | None = None,
    state: str | None = None,
    role: str | None = None,
    sort: str | None = None,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[Page[Owner]]:
    """List users and applications that the caller may see.

    Args:
        kind: `user` or `application`.
        q: text that the name holds.
        external_id: what an application is called elsewhere; finds one.
        state: `active` or `disabled`.
        role: only those who have it.
        sort: `name` or `created_at`; with `-` in front, backwards.
        page_token: from the page before.
        page_size: 1 to 200; the server's default is 50.
    """
    query = query_of(
        kind=kind,
        q=q,
        external_id=external_id,
        state=state,
        role=role,
        sort=sort,
        page_token=page_token,
        page_size=page_size,
    )
    return Call("GET", "/owners", page(Owner), query)


def get(owner_id: str) -> Call[Owner]:
    """Ask for one owner."""
    return Call("GET", path_of("owners", owner_id), one(Owner))


def edit(  # noqa: PLR0913  # the fields of an owner that can change
    owner_id: str,
    *,
    name: str | Unset = UNSET,
    email: str | Unset = UNSET,
    roles: Sequence[str] | Unset = UNSET,
    state: str | Unset = UNSET,
    managed_by: str | Unset = UNSET,
    external_id: str | Unset | None = UNSET,
    metadata: Mapping[str, str] | Unset = UNSET,
    password: Secret | Unset = UNSET,
) -> Call[Owner]:
    """Change what is given and leave the rest; a list or map replaces the old one whole.

    A `password` is set for somebody else, and is his to change; for one's own see `change_password`.
    """
    body = set_fields(
        name=name,
        email=email,
        roles=roles,
        state=state,
        managed_by=managed_by,
        external_id=external_id,
        metadata=metadata,
        password=password,
    )
    return Call("PATCH", path_of("owners", owner_id), one(Owner), body=body)


def edit_with_generated_password(
    owner_id: str,
    *,
    name: str | Unset = UNSET,
    email: str | Unset = UNSET,
    roles: Sequence[str] | Unset = UNSET,
    state: str | Unset = UNSET,
) -> Call[NewPassword]:
    """Give a user a password that the server makes, and change what is given; the rest as `edit`."""
    body = set_fields(name=name, email=email, roles=roles, state=state, generate_password=True)
    return Call("PATCH", path_of("owners", owner_id), _new_password, body=body)


def change_password(current: Secret, new: Secret) -> Call[None]:
    """Change the caller's own password; five wrong current ones make a user wait."""
    return Call("POST", "/self/password", nothing, body={"current": current, "new": new})


def roles() -> Call[Roles]:
    """Ask what the roles, and the rights on folders, allow."""
    return Call("GET", "/roles", one(Roles))


def _new_password(answer: Answer) -> NewPassword:
    # Apart from the rest, which keeps what it was made of.
    found = dict(parse(answer.body))
    password = found.pop("password", None)
    if not isinstance(password, str):
        raise Malformed("the answer's field 'password' is missing or not a text")
    return NewPassword(owner=decode(Owner, found), password=Secret(password))
