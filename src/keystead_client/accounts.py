"""What can be asked about accounts and their secrets: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keystead_client._core.arguments import UNSET, Unset, path_of, query_of, set_fields
from keystead_client._core.calls import Call, nothing, one, page
from keystead_client._core.secret import Secret
from keystead_client.records import Account, Page, SecretValue, Version, Written

__all__ = ["create", "delete", "edit", "fetch", "fetch_by_path", "find", "get", "versions", "write"]


def create(
    folder_id: str,
    name: str,
    fields: Mapping[str, Secret],
    *,
    username: str | Unset = UNSET,
    target: str | Unset = UNSET,
    type_: str | Unset = UNSET,
    tags: Sequence[str] | Unset = UNSET,
    notes: str | Unset = UNSET,
) -> Call[Account]:
    """Create an account with its first version.

    Args:
        folder_id: where it lies.
        name: unique in its folder, without `/`.
        fields: what is sealed, by name; `password` is the one meant where none is named.
        username: whom the password belongs to.
        target: what it opens, such as `postgresql://db.example.com/orders`.
        type_: free word for grouping.
        tags: free words for finding.
        notes: free text; not sealed.
    """
    body = set_fields(
        folder_id=folder_id,
        name=name,
        fields=dict(fields),
        username=username,
        target=target,
        type=type_,
        tags=tags,
        notes=notes,
    )
    return Call("POST", "/accounts", one(Account), body=body)


def find(
    *,
    folder_id: str | None = None,
    path: str | None = None,
    q: str | None = None,
    tag: str | None = None,
    type_: str | None = None,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[Page[Account]]:
    """List accounts that the caller may see; `path` finds exactly one, `ops/db/orders`."""
    query = query_of(
        folder_id=folder_id,
        path=path,
        q=q,
        tag=tag,
        type=type_,
        page_token=page_token,
        page_size=page_size,
    )
    return Call("GET", "/accounts", page(Account), query)


def get(account_id: str) -> Call[Account]:
    """Ask for one account's facts, never its value."""
    return Call("GET", path_of("accounts", account_id), one(Account))


def edit(
    account_id: str,
    *,
    folder_id: str | Unset = UNSET,
    name: str | Unset = UNSET,
    username: str | Unset = UNSET,
    target: str | Unset = UNSET,
    type_: str | Unset = UNSET,
    tags: Sequence[str] | Unset = UNSET,
    notes: str | Unset = UNSET,
) -> Call[Account]:
    """Change what is given and leave the rest; a value is changed by `write`."""
    body = set_fields(
        folder_id=folder_id,
        name=name,
        username=username,
        target=target,
        type=type_,
        tags=tags,
        notes=notes,
    )
    return Call("PATCH", path_of("accounts", account_id), one(Account), body=body)


def delete(account_id: str) -> Call[None]:
    """Delete an account; its name is free again."""
    return Call("DELETE", path_of("accounts", account_id), nothing)


def versions(
    account_id: str, *, page_token: str | None = None, page_size: int | None = None
) -> Call[Page[Version]]:
    """List which versions exist, newest first."""
    return Call(
        "GET",
        path_of("accounts", account_id, "versions"),
        page(Version),
        query_of(page_token=page_token, page_size=page_size),
    )


def fetch(
    account_id: str, *, version: int | None = None, field: str | None = None
) -> Call[SecretValue]:
    """Fetch a value by the account's id.

    Args:
        account_id: `acct_…`.
        version: None means the newest.
        field: only this one; None means all.
    """
    return Call(
        "GET",
        path_of("accounts", account_id, "secret"),
        one(SecretValue),
        query_of(version=version, field=field),
    )


def fetch_by_path(
    path: str, *, version: int | None = None, field: str | None = None
) -> Call[SecretValue]:
    """Fetch a value by folder path and account name, `ops/db/orders`; the rest as in `fetch`."""
    return Call(
        "GET",
        path_of("secrets", *path.split("/")),
        one(SecretValue),
        query_of(version=version, field=field),
    )


def write(
    account_id: str, fields: Mapping[str, Secret], *, cas: int | Unset = UNSET
) -> Call[Written]:
    """Keep a new version that holds exactly these fields.

    Args:
        account_id: `acct_…`.
        fields: every field of the new version.
        cas: write only if this is the newest version now; otherwise `CheckFailed`.
    """
    body = set_fields(fields=dict(fields), cas=cas)
    return Call("PUT", path_of("accounts", account_id, "secret"), one(Written), body=body)
