"""What answers hold: one frozen record for each noun of the native API.

Instants are aware datetimes in UTC. `raw` is the answer's own object, where a newer server's
further fields can be found; it never holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from keystead_client._secret import Secret

__all__ = [
    "Access",
    "Account",
    "Credential",
    "Event",
    "EventActor",
    "EventObject",
    "Folder",
    "Grant",
    "Issued",
    "LastUse",
    "Network",
    "Owner",
    "Page",
    "Raw",
    "Ref",
    "SecretState",
    "SecretValue",
    "Version",
    "WhoAmI",
    "Written",
]

T_co = TypeVar("T_co", covariant=True)

Raw: TypeAlias = Mapping[str, object]
"""An object of an answer as it came."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """One page of a list; `next_page_token` is None on the last.

    `cursor` is there for lists that grow at their end (the audit): ask again from it, also later.
    """

    items: tuple[T_co, ...]
    next_page_token: str | None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """A named object: its id, kind and name."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Access:
    """What a credential may do on one API: scopes (`secrets:read`), or levels by resource."""

    api: str
    scopes: tuple[str, ...]
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Network:
    """Where a credential may be used from: as it was typed, and as the server understands it."""

    text: str
    interpreted: str


@dataclass(frozen=True, slots=True)
class LastUse:
    """When, from where and by which program something was last used, and how often in all."""

    at: datetime
    address: str
    agent: str
    uses: int


@dataclass(frozen=True, slots=True)
class SecretState:
    """One secret of a credential, by number; `retires_at` is its end after a rotation."""

    n: int
    state: str
    created_at: datetime
    retires_at: datetime | None
    last_used: LastUse | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential's facts, never its secret.

    `state` is `active`, `expiring`, `expired`, `not_yet_valid`, `disabled` or `revoked`;
    `expires_at` is exclusive, and None means never.
    """

    id: str
    public_id: str
    kind: str
    type: str
    name: str
    description: str
    owner: Ref
    created_by: str
    created_at: datetime
    state: str
    access: tuple[Access, ...]
    networks: tuple[Network, ...]
    expires_at: datetime | None
    not_before: datetime | None
    metadata: Mapping[str, str]
    last_used: LastUse | None
    secrets: tuple[SecretState, ...]
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential with its new secret, which no later answer holds."""

    credential: Credential
    secret: Secret


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """The caller as the server sees him."""

    owner: Ref
    credential: Ref
    scopes: tuple[str, ...]
    expires_at: datetime | None
    address: str
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Owner:
    """A user or an application; `login` is None for an application, `managed_by` for a user."""

    id: str
    kind: str
    name: str
    login: str | None
    email: str
    roles: tuple[str, ...]
    state: str
    managed_by: str | None
    created_at: datetime
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """A right on a folder and what lies below it: `viewer`, `user` or `manager`."""

    owner_id: str
    right: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; `path` is `ops/db`, without slashes around it."""

    id: str
    name: str
    path: str
    parent_id: str | None
    grants: tuple[Grant, ...]
    created_at: datetime
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Account:
    """A vault entry's facts; `version` is the newest, and the values are fetched apart."""

    id: str
    folder_id: str
    path: str
    name: str
    username: str
    target: str
    type: str
    tags: tuple[str, ...]
    notes: str
    version: int
    field_names: tuple[str, ...]
    created_at: datetime
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Version:
    """That a version exists: its number, when and by whom, and which fields it has."""

    n: int
    created_at: datetime
    created_by: str
    field_names: tuple[str, ...]
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SecretValue:
    """The value of one version of an account."""

    account_id: str
    version: int
    username: str
    fields: Mapping[str, Secret]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """That a new version was kept."""

    account_id: str
    version: int
    created_at: datetime
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class EventActor:
    """Who acted, by which credential and of which kind; ids are empty for the server itself."""

    owner_id: str
    credential_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class EventObject:
    """What was acted upon."""

    type: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the audit; `n` counts without gaps.

    `decision` is `allowed`, `refused`, or `summary` (of refusals too many to be entered singly);
    `asserted_by` says who vouches for the address.
    """

    id: str
    n: int
    at: datetime
    actor: EventActor
    verb: str
    object: EventObject | None
    decision: str
    code: str
    rule: str
    address: str
    asserted_by: str
    agent: str
    request_id: str
    raw: Raw = field(repr=False, compare=False)
