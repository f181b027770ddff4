"""What can be asked about credentials: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from keystead_client._core.arguments import UNSET, Unset, path_of, query_of, set_fields
from keystead_client._core.calls import Call, nothing, one, page
from keystead_client._core.rotations import refresh, register_keys, rotate, rotate_self
from keystead_client._core.wishes import credential_of, period, wish, written
from keystead_client.records import (
    Access,
    Credential,
    CredentialSummary,
    Issued,
    Page,
    SecretState,
    Usage,
    WhoAmI,
)

__all__ = [
    "create",
    "create_with_keys",
    "delete",
    "disable",
    "edit",
    "enable",
    "find",
    "get",
    "refresh",
    "register_keys",
    "revoke",
    "revoke_self",
    "rotate",
    "rotate_self",
    "secrets",
    "summary",
    "usage",
    "whoami",
]


def whoami() -> Call[WhoAmI]:
    """Ask who the caller is, and from which address the server sees him."""
    return Call("GET", "/whoami", one(WhoAmI))


def create(  # noqa: PLR0913  # the fields of a credential
    name: str,
    *,
    expires_at: datetime | Unset | None = UNSET,
    expires_in: timedelta | str | Unset = UNSET,
    kind: str = "api_token",
    type_: str | Unset = UNSET,
    scopes: Sequence[str] | Unset = UNSET,
    levels: Mapping[str, str] | Unset = UNSET,
    access: Sequence[Access] | Unset = UNSET,
    networks: Sequence[str] | Unset = UNSET,
    not_before: datetime | Unset | None = UNSET,
    description: str | Unset = UNSET,
    owner_id: str | Unset = UNSET,
    metadata: Mapping[str, str] | Unset = UNSET,
    max_uses: int | Unset | None = UNSET,
) -> Call[Issued]:
    """Create a credential; the answer holds its secret, and no later one does.

    Args:
        name: unique among those of its kind, 1 to 255 characters.
        expires_at: the first instant at which it is refused; None means never.
        expires_in: in its place, how long from now on: a whole number of seconds, or text such as `30d`. The
            server counts it by its own clock. One of the two is given.
        kind: `api_token`, `api_key` or `oauth_client`.
        type_: `static` if unset, or of an API key `key_admin`: it manages API keys and nothing else.
        scopes: `<resource>:<action>` of Keystead's own API, such as `secrets:read`.
        levels: or whole levels by resource, `{"accounts": "read"}`.
        access: the same on any API; on Keystead's own here or by the two before.
        networks: addresses, CIDRs or ranges from which alone it is accepted; unset means anywhere.
        not_before: the first instant at which it is accepted; unset or None means now.
        description: what it is for.
        owner_id: whose it is; unset means the caller's.
        metadata: texts that the owner may want to find with it.
        max_uses: how often an API token may be used; the last use ends it. Unset or None means any number.
    """
    body = wish(
        kind, name, expires_at=expires_at, expires_in=expires_in, scopes=scopes, levels=levels,
        access=access, networks=networks, not_before=not_before, description=description,
        owner_id=owner_id, metadata=metadata,
    )  # fmt: skip
    rest = set_fields(type=type_, max_uses=max_uses)
    return Call("POST", "/credentials", one(Issued), body={**body, **rest})


def create_with_keys(  # noqa: PLR0913  # the fields of a credential
    name: str,
    public_jwks: Mapping[str, object],
    *,
    legacy_audience: str | Unset = UNSET,
    expires_at: datetime | Unset | None = UNSET,
    expires_in: timedelta | str | Unset = UNSET,
    scopes: Sequence[str] | Unset = UNSET,
    levels: Mapping[str, str] | Unset = UNSET,
    access: Sequence[Access] | Unset = UNSET,
    networks: Sequence[str] | Unset = UNSET,
    not_before: datetime | Unset | None = UNSET,
    description: str | Unset = UNSET,
    owner_id: str | Unset = UNSET,
    metadata: Mapping[str, str] | Unset = UNSET,
) -> Call[Credential]:
    """Create an OAuth client that proves itself by keys of its own; it has no secret.

    Args:
        name: unique among OAuth clients.
        public_jwks: `{"keys": […]}`, 1 to 10 public keys, each with its `kid` and `alg`.
        legacy_audience: the one URL that its assertions may name as `aud` besides the issuer.
        expires_at: as of `create`, and so what follows.
        expires_in: in its place.
        scopes: of Keystead's own API.
        levels: of Keystead's own API.
        access: on any API.
        networks: from which alone it is accepted.
        not_before: its beginning.
        description: what it is for.
        owner_id: whose it is.
        metadata: texts to keep with it.
    """
    body = wish(
        "oauth_client", name, expires_at=expires_at, expires_in=expires_in, scopes=scopes,
        levels=levels, access=access, networks=networks, not_before=not_before,
        description=description, owner_id=owner_id, metadata=metadata,
    )  # fmt: skip
    keys = set_fields(public_jwks=dict(public_jwks), legacy_audience=legacy_audience)
    return Call("POST", "/credentials", credential_of, body={**body, **keys})


def find(  # noqa: PLR0913  # the filters of the list
    *,
    kind: str | None = None,
    type_: str | None = None,
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
        kind: `api_token`, `api_key` or `oauth_client`.
        type_: `static` or `key_admin`.
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
        type=type_,
        state=state,
        owner=owner_id,
        q=q,
        expires_before=expires_before,
        last_used_before=last_used_before,
        sort=sort,
        page_token=page_token,
        page_size=page_size,
    )
    return Call("GET", "/credentials", page(Credential), query)


def summary() -> Call[CredentialSummary]:
    """Count the credentials that the caller may see, kind by kind."""
    return Call("GET", path_of("credentials", "summary"), one(CredentialSummary))


def get(credential_id: str) -> Call[Credential]:
    """Ask for one credential's facts."""
    return Call("GET", path_of("credentials", credential_id), one(Credential))


def edit(  # noqa: PLR0913  # the fields of a credential that can change
    credential_id: str,
    *,
    name: str | Unset = UNSET,
    description: str | Unset = UNSET,
    scopes: Sequence[str] | Unset = UNSET,
    levels: Mapping[str, str] | Unset = UNSET,
    access: Sequence[Access] | Unset = UNSET,
    networks: Sequence[str] | Unset = UNSET,
    expires_at: datetime | Unset | None = UNSET,
    expires_in: timedelta | str | Unset = UNSET,
    not_before: datetime | Unset | None = UNSET,
    metadata: Mapping[str, str] | Unset = UNSET,
    legacy_audience: str | Unset | None = UNSET,
    max_uses: int | Unset | None = UNSET,
) -> Call[Credential]:
    """Change what is given and leave the rest; a list or map replaces the old one whole.

    Scopes, levels and access are one: whichever is given replaces what was given on every API. The end is
    `expires_at` or `expires_in`, as of `create`.
    """
    body = set_fields(
        name=name,
        description=description,
        scopes=scopes,
        levels=levels,
        access=written(access),
        networks=networks,
        expires_at=expires_at,
        expires_in=period(expires_in),
        not_before=not_before,
        metadata=metadata,
        legacy_audience=legacy_audience,
        max_uses=max_uses,
    )
    return Call("PATCH", path_of("credentials", credential_id), one(Credential), body=body)


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
    return Call("POST", path_of("credentials", credential_id, verb), one(Credential))


def delete(credential_id: str) -> Call[None]:
    """Refuse it from now on and take it out of the lists; its name is free again."""
    return Call("DELETE", path_of("credentials", credential_id), nothing)


def secrets(credential_id: str) -> Call[Page[SecretState]]:
    """Ask for its live and retiring secrets' facts, each with its own last use."""
    return Call("GET", path_of("credentials", credential_id, "secrets"), page(SecretState))


def usage(
    credential_id: str,
    *,
    per: str = "hour",
    after: datetime | None = None,
    before: datetime | None = None,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[Page[Usage]]:
    """Ask how often it was used, and refused, by period, API and outcome; the newest period first.

    Args:
        credential_id: whose uses, with those of the access tokens that it was given.
        per: `minute`, `hour` or `day`; minutes are kept for two days, hours for 90.
        after: only periods that begin then or later.
        before: only periods that begin before.
        page_token: from the page before.
        page_size: 1 to 200; the server's default is 50.
    """
    query = query_of(
        per=per, after=after, before=before, page_token=page_token, page_size=page_size
    )
    return Call("GET", path_of("credentials", credential_id, "usage"), page(Usage), query)


def revoke_self() -> Call[None]:
    """Refuse the caller's own credential from now on, for ever."""
    return Call("POST", "/self/revoke", nothing)
