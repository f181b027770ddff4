"""What can be asked about credentials: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from keystead_client import _reading
from keystead_client._core import (
    UNSET,
    Call,
    Unset,
    nothing,
    one,
    page,
    path_of,
    query_of,
    set_fields,
)
from keystead_client.records import Credential, Issued, Page, SecretState, WhoAmI

__all__ = [
    "create",
    "delete",
    "disable",
    "edit",
    "enable",
    "find",
    "get",
    "revoke",
    "revoke_self",
    "rotate",
    "rotate_self",
    "secrets",
    "whoami",
]


def whoami() -> Call[WhoAmI]:
    """Ask who the caller is, and from which address the server sees him."""
    return Call("GET", "/whoami", one(_reading.whoami))


def create(  # noqa: PLR0913  # the fields of a credential
    name: str,
    *,
    expires_at: datetime | None,
    scopes: Sequence[str] = (),
    levels: Mapping[str, str] | None = None,
    networks: Sequence[str] = (),
    not_before: datetime | None = None,
    description: str = "",
    owner_id: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Call[Issued]:
    """Create a static API token; the answer holds its secret, and no later one does.

    Args:
        name: unique among tokens, 1 to 255 characters.
        expires_at: the first instant at which it is refused; None means never.
        scopes: `<resource>:<action>` of Keystead's own API, such as `secrets:read`.
        levels: or whole levels by resource, `{"accounts": "read"}`.
        networks: addresses, CIDRs or ranges from which alone it is accepted; empty means anywhere.
        not_before: the first instant at which it is accepted; None means now.
        description: what it is for.
        owner_id: whose token it is; None means the caller's.
        metadata: texts that the owner may want to find with it.
    """
    body = set_fields(
        kind="api_token",
        name=name,
        expires_at=expires_at,
        scopes=list(scopes) if scopes else UNSET,
        levels=dict(levels) if levels else UNSET,
        networks=list(networks) if networks else UNSET,
        not_before=UNSET if not_before is None else not_before,
        description=description or UNSET,
        owner_id=UNSET if owner_id is None else owner_id,
        metadata=dict(metadata) if metadata else UNSET,
    )
    return Call("POST", "/credentials", one(_reading.issued), body=body)


def find(  # noqa: PLR0913  # the filters of the list
    *,
    kind: str | None = None,
    state: str | None = None,
    owner_id: str | None = None,
    q: str | None = None,
    expires_before: datetime | None = None,
    last_used_before: datetime | None = None,
    sort: str | None = None,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[Page[Credential]]:
    """List credentials that the caller may see.

    Args:
        kind: `api_token` and others.
        state: `active`, `expiring`, `expired`, `not_yet_valid`, `disabled` or `revoked`.
        owner_id: only this owner's.
        q: text that the name, the description or the id holds.
        expires_before: only those that end before.
        last_used_before: only those not used since.
        sort: `name`, `created_at` or `expires_at`; with `-` in front, backwards.
        page_token: from the page before.
        page_size: 1 to 200; the server's default is 50.
    """
    query = query_of(
        kind=kind,
        state=state,
        owner=owner_id,
        q=q,
        expires_before=expires_before,
        last_used_before=last_used_before,
        sort=sort,
        page_token=page_token,
        page_size=page_size,
    )
    return Call("GET", "/credentials", page(_reading.credential), query)


def get(credential_id: str) -> Call[Credential]:
    """Ask for one credential's facts."""
    return Call("GET", path_of("credentials", credential_id), one(_reading.credential))


def edit(  # noqa: PLR0913  # the fields of a credential that can change
    credential_id: str,
    *,
    name: str | Unset = UNSET,
    description: str | Unset = UNSET,
    scopes: Sequence[str] | Unset = UNSET,
    levels: Mapping[str, str] | Unset = UNSET,
    networks: Sequence[str] | Unset = UNSET,
    expires_at: datetime | Unset | None = UNSET,
    not_before: datetime | Unset | None = UNSET,
    metadata: Mapping[str, str] | Unset = UNSET,
) -> Call[Credential]:
    """Change what is given and leave the rest; a list or map replaces the old one whole."""
    body = set_fields(
        name=name,
        description=description,
        scopes=scopes,
        levels=levels,
        networks=networks,
        expires_at=expires_at,
        not_before=not_before,
        metadata=metadata,
    )
    return Call("PATCH", path_of("credentials", credential_id), one(_reading.credential), body=body)


def rotate(
    credential_id: str,
    *,
    overlap_seconds: int = 0,
    expires_at: datetime | Unset | None = UNSET,
) -> Call[Issued]:
    """Give it a new secret; the old one is refused after the overlap (0 to 604,800 seconds)."""
    body = set_fields(overlap_seconds=overlap_seconds, expires_at=expires_at)
    return Call(
        "POST", path_of("credentials", credential_id, "rotate"), one(_reading.issued), body=body
    )


def revoke(credential_id: str) -> Call[Credential]:
    """Refuse it from now on, for ever."""
    return _act(credential_id, "revoke")


def disable(credential_id: str) -> Call[Credential]:
    """Refuse it until it is enabled again."""
    return _act(credential_id, "disable")


def enable(credential_id: str) -> Call[Credential]:
    """Accept a disabled one again."""
    return _act(credential_id, "enable")


def _act(credential_id: str, verb: str) -> Call[Credential]:
    return Call("POST", path_of("credentials", credential_id, verb), one(_reading.credential))


def delete(credential_id: str) -> Call[None]:
    """Refuse it from now on and take it out of the lists; its name is free again."""
    return Call("DELETE", path_of("credentials", credential_id), nothing)


def secrets(credential_id: str) -> Call[Page[SecretState]]:
    """Ask for its live and retiring secrets' facts, each with its own last use."""
    return Call(
        "GET", path_of("credentials", credential_id, "secrets"), page(_reading.secret_state)
    )


def rotate_self(*, overlap_seconds: int = 0) -> Call[Issued]:
    """Give the caller's own credential a new secret; its end stays."""
    body = set_fields(overlap_seconds=overlap_seconds)
    return Call("POST", "/self/rotate", one(_reading.issued), body=body)


def revoke_self() -> Call[None]:
    """Refuse the caller's own credential from now on, for ever."""
    return Call("POST", "/self/revoke", nothing)
