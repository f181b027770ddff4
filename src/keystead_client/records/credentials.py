"""Credentials, their secrets' facts, and who the caller is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keystead_client._core.secret import Secret
from keystead_client.records.common import LastUse, Raw, Ref

__all__ = [
    "Access",
    "Credential",
    "CredentialSummary",
    "Former",
    "Imported",
    "Issued",
    "KindSummary",
    "Network",
    "SecretState",
    "WhoAmI",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a credential may do on one API: scopes (`secrets:read`), or levels by resource.

    `api` is the API's identifier, `keystead` for Keystead's own.
    """

    api: str
    scopes: tuple[str, ...] = ()
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Where a credential may be used from: as it was typed, and as the server understands it."""

    text: str
    interpreted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretState:
    """One secret of a credential, by number; `retires_at` is its end after a rotation.

    `ends_older` says that its first use ends the older ones, `still_used` that it was used since it is
    being replaced: whoever uses it stops working when it retires.
    """

    n: int
    state: str
    created_at: datetime
    retires_at: datetime | None
    last_used: LastUse | None
    ends_older: bool = False
    still_used: bool = False
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """A public key that an OAuth client has registered, and its last use."""

    kid: str
    alg: str
    last_used: LastUse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """The id that an API key had before a refresh with overlap; it is accepted until `ends_at`.

    `still_used` says that it was used since the refresh.
    """

    id: str
    public_id: str
    ends_at: datetime
    last_used: LastUse | None
    still_used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential's facts, never its secret.

    `public_jwks` are the keys that an OAuth client has registered; it has no secret then.
    `keys` tells the last use of each.
    `legacy_audience` is the one URL that its assertions may name in the issuer's place.

    `last_refreshed_at` is when an API key last got its new id, None if it never did;
    `former` is the one it had before, while that is accepted as well.

    `legacy` says that it is accepted by a token that was imported.

    `max_uses` is how often an API token may be used, and `uses_left` how often still; None: any number.

    `state` is `active`, `expiring`, `expired`, `not_yet_valid`, `disabled` or `revoked`;
    `expires_at` is exclusive, and None means never.
    """

    id: str
    public_id: str
    kind: str
    type: str
    name: str
    description: str = ""
    owner: Ref
    created_by: str = ""
    created_at: datetime
    modified_at: datetime | None
    last_refreshed_at: datetime | None = None
    former: Former | None = None
    state: str
    access: tuple[Access, ...]
    networks: tuple[Network, ...]
    expires_at: datetime | None
    not_before: datetime | None
    metadata: Mapping[str, str]
    last_used: LastUse | None
    secrets: tuple[SecretState, ...]
    public_jwks: Mapping[str, object] | None = None
    keys: tuple[KeyState, ...] = ()
    legacy_audience: str | None = None
    legacy: bool = False
    max_uses: int | None = None
    uses_left: int | None = None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Uses on one API with one outcome in one period of `seconds`, and the last one's address and agent.

    `outcome` is `allowed`, or the code of a refusal.
    """

    start: datetime
    seconds: int
    api: str
    outcome: str
    uses: int
    first_at: datetime
    last_at: datetime
    address: str = ""
    agent: str = ""
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was imported, in the order in which it was sent."""

    items: tuple[Credential, ...]
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSummary:
    """How many credentials of a kind there are.

    `expiring` (ending within 30 days) and `never_expires` are among the live; disabled, revoked and not yet
    valid ones are not counted.
    """

    kind: str
    live: int
    expiring: int
    expired: int
    never_expires: int
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSummary:
    """How many credentials the caller may see, kind by kind."""

    items: tuple[KindSummary, ...]
    expiring_days: int
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A credential with its new secret, which no later answer holds."""

    credential: Credential
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoAmI:
    """The caller as the server sees him."""

    owner: Ref
    credential: Ref
    scopes: tuple[str, ...]
    expires_at: datetime | None
    address: str = ""
    raw: Raw = field(repr=False, compare=False)
