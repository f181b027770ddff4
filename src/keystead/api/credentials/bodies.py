"""What is sent about credentials: bodies and parameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.credentials.kind import CreatedKind
from keystead.credentials.legacy import MAX_IMPORTED
from keystead.credentials.lifecycle import MAX_OVERLAP_SECONDS, State
from keystead.credentials.wish import MAX_DESCRIPTION, MAX_METADATA, MAX_USES, PERIODS
from keystead.policy.scopes import MAX_APIS, MAX_SCOPES
from keystead.ports.credentials import CredentialSort
from keystead.web.identifiers import Id, Word
from keystead.web.query import PageSize

__all__ = [
    "AccessBody",
    "CredentialEdit",
    "CredentialNew",
    "CredentialQueryBody",
    "ImportBody",
    "ImportItem",
    "Levels",
    "RefreshBody",
    "RotationBody",
    "SelfRotationBody",
]

Name = Annotated[str, Meta(description="1 to 255 printable characters, unique of its kind")]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION)]
InstantText = Annotated[str, Meta(description="RFC 3339 with offset; an end is exclusive")]
Period = Annotated[
    str,
    Meta(
        description="in place of expires_at: how long from now on, by the server's clock, in s, m, h, d or w",
        examples=list(PERIODS),
    ),
]
Levels = Annotated[dict[str, Literal["read", "write"]], Meta(max_length=MAX_SCOPES)]
SHA256 = Annotated[
    str, Meta(description="of the token's 40 characters, in hex", pattern="^[0-9a-fA-F]{64}$")
]
Scopes = Annotated[tuple[str, ...], Meta(max_length=MAX_SCOPES)]
Metadata = Annotated[dict[str, str], Meta(max_length=MAX_METADATA)]
Overlap = Annotated[int, Meta(ge=0, le=MAX_OVERLAP_SECONDS)]
Networks = Annotated[
    tuple[str, ...],
    Meta(max_length=100, description="address, CIDR block or range each; empty means anywhere"),
]


PublicJWKs = Annotated[
    dict[str, Any],
    Meta(
        description="a JWK set: 1 to 10 public keys, each with its kid and alg; oauth_client only"
    ),
]


Audience = Annotated[
    str,
    Meta(
        description="the one URL that assertions of a client with public_jwks may name as aud besides the "
        "issuer, for software that cannot be changed"
    ),
]


MaxUses = Annotated[
    int,
    Meta(ge=1, le=MAX_USES, description="how often an api_token may be used; the last use ends it"),
]


class AccessBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a credential is given on one API: single scopes, and levels per resource."""

    api: Word
    scopes: Scopes = ()
    levels: Levels = {}


Accesses = Annotated[tuple[AccessBody, ...], Meta(max_length=MAX_APIS)]


class CredentialNew(Struct, forbid_unknown_fields=True, kw_only=True):
    """A credential to issue. `scopes` and `levels` are short for `access` to Keystead's own API.

    Its end is said: by `expires_at`, null for never, or by `expires_in`.
    """

    kind: Word
    name: Name
    expires_at: InstantText | UnsetType | None = UNSET
    expires_in: Period | UnsetType = UNSET
    type: Word = "static"
    description: Description = ""
    owner_id: Id | None = None
    access: Accesses | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    levels: Levels | UnsetType = UNSET
    networks: Networks = ()
    not_before: InstantText | None = None
    metadata: Metadata = {}
    public_jwks: PublicJWKs | UnsetType = UNSET
    legacy_audience: Audience | UnsetType | None = UNSET
    max_uses: MaxUses | UnsetType | None = UNSET


class ImportItem(Struct, forbid_unknown_fields=True, kw_only=True):
    """A token of another system, 40 lower-case hex digits, by its SHA-256. It has an end."""

    sha256: SHA256
    name: Name
    expires_at: InstantText | UnsetType = UNSET
    expires_in: Period | UnsetType = UNSET
    description: Description = ""
    owner_id: Id | None = None
    access: Accesses | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    levels: Levels | UnsetType = UNSET
    networks: Networks = ()
    metadata: Metadata = {}


class ImportBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Tokens to import: all of them, or none."""

    items: Annotated[tuple[ImportItem, ...], Meta(min_length=1, max_length=MAX_IMPORTED)]


class CredentialEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; those left out stay."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    access: Accesses | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    levels: Levels | UnsetType = UNSET
    networks: Networks | UnsetType = UNSET
    expires_at: InstantText | UnsetType | None = UNSET
    expires_in: Period | UnsetType = UNSET
    not_before: InstantText | UnsetType | None = UNSET
    metadata: Metadata | UnsetType = UNSET
    legacy_audience: Audience | UnsetType | None = UNSET
    max_uses: MaxUses | UnsetType | None = UNSET


class RefreshBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """For how long the old id and its secrets live on, as of a rotation; without, they end at once."""

    overlap_seconds: Overlap | UnsetType = UNSET
    revoke_after_first_use: bool = False


class SelfRotationBody(RefreshBody, forbid_unknown_fields=True, kw_only=True):
    """How a credential rotates itself; its end stays."""

    end_access_tokens: bool = False


class RotationBody(SelfRotationBody, forbid_unknown_fields=True, kw_only=True):
    """How to rotate: how long older secrets live on, and the new end if it is to move.

    Without `overlap_seconds` older secrets end at once, or with `revoke_after_first_use` after seven days at
    the latest. `public_jwks` takes the place of a client's keys, or secrets.
    """

    expires_at: InstantText | UnsetType | None = UNSET
    expires_in: Period | UnsetType = UNSET
    public_jwks: PublicJWKs | UnsetType = UNSET


class CredentialQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list; each one given must match."""

    kind: CreatedKind | None = None
    type: Literal["static", "key_admin"] | None = None
    state: State | None = None
    owner: Id | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    expires_before: InstantText | None = None
    last_used_before: InstantText | None = None
    sort: CredentialSort = "-created_at"
    page_token: str | None = None
    page_size: PageSize | None = None
