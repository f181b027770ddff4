"""How credentials look on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.api.instants import text_of
from keystead.core.clock import Instant
from keystead.core.secret import Secret
from keystead.credentials.kind import KINDS_BY_NAME
from keystead.credentials.lifecycle import State, state
from keystead.credentials.wish import MAX_DESCRIPTION, MAX_METADATA
from keystead.crypto.token_format import public_id
from keystead.policy.scopes import MAX_APIS, MAX_SCOPES
from keystead.ports.credentials import CredentialSort

if TYPE_CHECKING:
    from keystead.credentials.record import LastUse, StoredSecret
    from keystead.operations.credentials import Issued
    from keystead.owners.owner import Owner
    from keystead.ports.credentials import Listed

__all__ = [
    "AccessBody",
    "CredentialAnswer",
    "CredentialEdit",
    "CredentialList",
    "CredentialNew",
    "CredentialQueryBody",
    "IssuedAnswer",
    "OwnerRef",
    "RotationBody",
    "SecretList",
    "SelfRotationBody",
    "credential_answer",
    "issued_answer",
    "secret_answers",
]

Name = Annotated[str, Meta(description="1 to 255 printable characters, unique of its kind")]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION)]
InstantText = Annotated[str, Meta(description="RFC 3339 with offset; an end is exclusive")]
Levels = Annotated[dict[str, Literal["read", "write"]], Meta(max_length=MAX_SCOPES)]
Scopes = Annotated[tuple[str, ...], Meta(max_length=MAX_SCOPES)]
Metadata = Annotated[dict[str, str], Meta(max_length=MAX_METADATA)]
Networks = Annotated[
    tuple[str, ...],
    Meta(max_length=100, description="address, CIDR block or range each; empty means anywhere"),
]


class AccessBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a credential is given on one API: single scopes, and levels per resource."""

    api: str
    scopes: Scopes = ()
    levels: Levels = {}


Accesses = Annotated[tuple[AccessBody, ...], Meta(max_length=MAX_APIS)]


class CredentialNew(Struct, forbid_unknown_fields=True, kw_only=True):
    """A credential to issue. `scopes` and `levels` are short for `access` to Keystead's own API."""

    kind: str
    name: Name
    expires_at: InstantText | None
    type: str = "static"
    description: Description = ""
    owner_id: str | None = None
    access: Accesses | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    levels: Levels | UnsetType = UNSET
    networks: Networks = ()
    not_before: InstantText | None = None
    metadata: Metadata = {}


class CredentialEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; those left out stay."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    access: Accesses | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    levels: Levels | UnsetType = UNSET
    networks: Networks | UnsetType = UNSET
    expires_at: InstantText | UnsetType | None = UNSET
    not_before: InstantText | UnsetType | None = UNSET
    metadata: Metadata | UnsetType = UNSET


class RotationBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """How to rotate: how long older secrets live on, and the new end if it is to move."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=604_800)] = 0
    expires_at: InstantText | UnsetType | None = UNSET


class SelfRotationBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """How a credential rotates itself; its end stays."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=604_800)] = 0


class CredentialQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list; each one given must match."""

    kind: str | None = None
    state: State | None = None
    owner: str | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    expires_before: InstantText | None = None
    last_used_before: InstantText | None = None
    sort: CredentialSort = "-created_at"
    page_token: str | None = None
    page_size: Annotated[int, Meta(ge=1, le=200)] | None = None


class OwnerRef(Struct, frozen=True):
    """An owner as other objects show him."""

    id: str
    kind: str
    name: str


class NetworkAnswer(Struct, frozen=True):
    """A network entry: as typed, and as understood."""

    text: str
    interpreted: str


class AccessAnswer(Struct, frozen=True):
    """What a credential holds on one API."""

    api: str
    scopes: tuple[str, ...]
    levels: Levels


class LastUsedAnswer(Struct, frozen=True):
    """The last use: when, from where, by what agent; and how many there were."""

    at: str | None
    address: str
    agent: str
    uses: int


class SecretAnswer(Struct, frozen=True):
    """One secret of a credential, without its value."""

    n: int
    state: Literal["live", "retiring", "retired"]
    created_at: str | None
    retires_at: str | None
    last_used: LastUsedAnswer | None


class CredentialAnswer(Struct, frozen=True):
    """A credential, without its secrets' values."""

    id: str
    public_id: str
    kind: str
    type: str
    name: str
    description: str
    owner: OwnerRef
    created_by: str
    created_at: str | None
    modified_at: str | None
    state: State
    access: tuple[AccessAnswer, ...]
    networks: tuple[NetworkAnswer, ...]
    expires_at: str | None
    not_before: str | None
    metadata: dict[str, str]
    last_used: LastUsedAnswer | None
    secrets: tuple[SecretAnswer, ...]


class IssuedAnswer(Struct, frozen=True):
    """A credential with its new secret, which is shown this once."""

    credential: CredentialAnswer
    secret: Annotated[Secret, Meta(extra_json_schema={"type": "string"})]


class CredentialList(Struct, frozen=True):
    """A page of credentials."""

    items: tuple[CredentialAnswer, ...]
    next_page_token: str | None


class SecretList(Struct, frozen=True):
    """A credential's secrets, without values."""

    items: tuple[SecretAnswer, ...]
    next_page_token: str | None = None


def owner_ref(owner: Owner) -> OwnerRef:
    """Return an owner as other objects show him."""
    return OwnerRef(owner.id, owner.kind, owner.name)


def credential_answer(listed: Listed, at: Instant) -> CredentialAnswer:
    """Return a credential as it stands at an instant."""
    c = listed.credential
    return CredentialAnswer(
        id=c.id,
        public_id=public_id(KINDS_BY_NAME[c.kind].marks[c.type], c.id12),
        kind=c.kind,
        type=c.type,
        name=c.name,
        description=c.description,
        owner=owner_ref(listed.owner),
        created_by=c.created_by,
        created_at=text_of(c.created_at),
        modified_at=text_of(c.modified_at),
        state=state(c, at),
        access=tuple(AccessAnswer(a.api, a.scopes, dict(a.levels)) for a in c.access),
        networks=tuple(NetworkAnswer(n.text, n.interpreted) for n in c.networks),
        expires_at=text_of(c.expires_at),
        not_before=text_of(c.not_before),
        metadata=dict(c.metadata),
        last_used=_last_used(listed.last_use),
        secrets=secret_answers(listed, at),
    )


def secret_answers(listed: Listed, at: Instant) -> tuple[SecretAnswer, ...]:
    """Return each secret with its own state and last use."""
    return tuple(
        SecretAnswer(
            s.n,
            _secret_state(s, at),
            text_of(s.created_at),
            text_of(s.retires_at),
            _last_used(listed.secret_uses.get(s.n)),
        )
        for s in listed.secrets
    )


def issued_answer(issued: Issued, at: Instant) -> IssuedAnswer:
    """Return a credential with its secret; only `web.reveal` can write it."""
    return IssuedAnswer(credential_answer(issued.listed, at), issued.secret)


def _secret_state(secret: StoredSecret, at: Instant) -> Literal["live", "retiring", "retired"]:
    if secret.retires_at is None:
        return "live"
    return "retiring" if at < secret.retires_at else "retired"


def _last_used(use: LastUse | None) -> LastUsedAnswer | None:
    return (
        None if use is None else LastUsedAnswer(text_of(use.at), use.address, use.agent, use.uses)
    )
