"""How credentials look when they are answered; only `web.reveal` can write one with its secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, convert, json

from keystead.api.credentials.bodies import Levels
from keystead.api.instants import text_of
from keystead.core.clock import Instant, earliest
from keystead.core.secret import Secret
from keystead.credentials.kind import KINDS, CreatedKind
from keystead.credentials.legacy import has_legacy_secret
from keystead.credentials.lifecycle import EXPIRING_DAYS, State, former, state
from keystead.crypto.jose.public_keys import client_keys
from keystead.crypto.token_format import public_id

if TYPE_CHECKING:
    from keystead.credentials.record import LastUse, StoredSecret
    from keystead.operations.credentials.credentials import Summary
    from keystead.operations.credentials.issuing import Issued
    from keystead.owners.owner import Owner
    from keystead.ports.credentials import Listed

__all__ = [
    "CredentialAnswer",
    "CredentialList",
    "CredentialRef",
    "CredentialSummary",
    "Imported",
    "IssuedAnswer",
    "KindSummary",
    "OwnerRef",
    "SecretList",
    "TooOften",
    "credential_answer",
    "issued_answer",
    "key_answers",
    "owner_ref",
    "secret_answers",
    "summary_answer",
]


class CredentialRef(Struct, frozen=True):
    """A credential as other objects show it."""

    id: str
    kind: str
    name: str


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
    """One secret of a credential, without its value.

    Attributes:
        ends_older: its first use will end the older ones.
        still_used: it is being replaced, and was used since: whoever uses it stops working when it retires.
    """

    n: int
    state: Literal["live", "retiring", "retired"]
    created_at: str | None
    retires_at: str | None
    last_used: LastUsedAnswer | None
    ends_older: bool
    still_used: bool


class KeyAnswer(Struct, frozen=True):
    """A public key that a client has registered, and its last use."""

    kid: str
    alg: str
    last_used: LastUsedAnswer | None


class FormerAnswer(Struct, frozen=True):
    """The id that a key had before its last refresh, until that ends.

    Attributes:
        still_used: it was used since; whoever uses it stops working at its end.
    """

    id: str
    public_id: str
    ends_at: str | None
    last_used: LastUsedAnswer | None
    still_used: bool


class CredentialAnswer(Struct, frozen=True):
    """A credential, without its secrets' values.

    Attributes:
        legacy: an imported token is accepted.
        uses_left: of a token with `max_uses`.
    """

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
    last_refreshed_at: str | None
    former: FormerAnswer | None
    state: State
    access: tuple[AccessAnswer, ...]
    networks: tuple[NetworkAnswer, ...]
    expires_at: str | None
    not_before: str | None
    metadata: dict[str, str]
    last_used: LastUsedAnswer | None
    secrets: tuple[SecretAnswer, ...]
    public_jwks: dict[str, Any] | None
    keys: tuple[KeyAnswer, ...]
    legacy_audience: str | None
    legacy: bool
    max_uses: int | None
    uses_left: int | None


class IssuedAnswer(Struct, frozen=True):
    """A credential with its new secret, which is shown this once; a client with keys has none."""

    credential: CredentialAnswer
    secret: Annotated[Secret, Meta(extra_json_schema={"type": "string"})] | UnsetType = UNSET


class CredentialList(Struct, frozen=True):
    """A page of credentials."""

    items: tuple[CredentialAnswer, ...]
    next_page_token: str | None


class Imported(Struct, frozen=True):
    """What was imported, in the order in which it was sent."""

    items: tuple[CredentialAnswer, ...]


class KindSummary(Struct, frozen=True):
    """How many credentials of a kind there are; `expiring` and `never_expires` are among the live."""

    kind: CreatedKind
    live: int
    expiring: int
    expired: int
    never_expires: int


class TooOften(Struct, frozen=True):
    """Who asks for more access tokens than may live at once: `ended` of its tokens gave way to newer ones."""

    credential: CredentialRef
    ended: int
    since: str | None
    last_at: str | None


class CredentialSummary(Struct, frozen=True):
    """How many credentials there are, kind by kind, and how near the end of an expiring one is.

    `too_often` has the worst of the last 24 hours.
    """

    items: tuple[KindSummary, ...]
    too_often: tuple[TooOften, ...]
    expiring_days: int = EXPIRING_DAYS


class SecretList(Struct, frozen=True):
    """A credential's secrets, without values, or the public keys that stand in their place."""

    items: tuple[SecretAnswer, ...]
    keys: tuple[KeyAnswer, ...]
    next_page_token: str | None = None


def summary_answer(found: Summary) -> CredentialSummary:
    """Return a summary as it is told."""
    return CredentialSummary(
        convert(found.counts, tuple[KindSummary, ...], from_attributes=True),
        tuple(
            TooOften(
                CredentialRef(each.credential_id, each.kind, each.name),
                each.ended,
                text_of(each.since),
                text_of(each.last_at),
            )
            for each in found.too_often
        ),
    )


def owner_ref(owner: Owner) -> OwnerRef:
    """Return an owner as other objects show him."""
    return OwnerRef(owner.id, owner.kind, owner.name)


def credential_answer(listed: Listed, at: Instant) -> CredentialAnswer:
    """Return a credential as it stands at an instant."""
    c = listed.credential
    return CredentialAnswer(
        id=c.id,
        public_id=public_id(KINDS[c.kind].marks[c.type], c.id12),
        kind=c.kind,
        type=c.type,
        name=c.name,
        description=c.description,
        owner=owner_ref(listed.owner),
        created_by=c.created_by,
        created_at=text_of(c.created_at),
        modified_at=text_of(c.modified_at),
        last_refreshed_at=text_of(c.last_refreshed_at),
        former=_former(listed, at),
        state=state(c, at),
        access=tuple(AccessAnswer(a.api, a.scopes, dict(a.levels)) for a in c.access),
        networks=tuple(NetworkAnswer(n.text, n.interpreted) for n in c.networks),
        expires_at=text_of(c.expires_at),
        not_before=text_of(c.not_before),
        metadata=dict(c.metadata),
        last_used=_last_used(listed.last_use),
        secrets=secret_answers(listed, at),
        public_jwks=None if c.public_jwks is None else json.decode(c.public_jwks),
        keys=key_answers(listed),
        legacy_audience=c.legacy_audience,
        legacy=has_legacy_secret(listed.secrets, at),
        max_uses=c.max_uses,
        uses_left=None if c.max_uses is None else c.max_uses - c.uses,
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
            s.ends_older,
            _is_still_used(listed, s, at),
        )
        for s in listed.secrets
    )


def key_answers(listed: Listed) -> tuple[KeyAnswer, ...]:
    """Return each registered key with its own last use."""
    return tuple(
        KeyAnswer(key.kid, key.algorithms[0], _last_used(listed.secret_uses.get(key.n)))
        for key in client_keys(listed.credential.public_jwks or "")
    )


def issued_answer(issued: Issued, at: Instant) -> IssuedAnswer:
    """Return a credential with its new secret."""
    secret = UNSET if issued.minted is None else issued.minted
    return IssuedAnswer(credential_answer(issued.listed, at), secret)


def _former(listed: Listed, at: Instant) -> FormerAnswer | None:
    c, use = listed.credential, listed.former_use
    id_ = former(c, at)
    ends_at = earliest(c.former_ends_at, c.expires_at)
    if id_ is None or ends_at is None or at >= ends_at:
        return None
    return FormerAnswer(
        id_,
        public_id(KINDS[c.kind].marks[c.type], id_.partition("_")[2]),
        text_of(ends_at),
        _last_used(use),
        use is not None and c.last_refreshed_at is not None and use.at >= c.last_refreshed_at,
    )


def _secret_state(secret: StoredSecret, at: Instant) -> Literal["live", "retiring", "retired"]:
    if secret.retires_at is None:
        return "live"
    return "retiring" if at < secret.retires_at else "retired"


def _is_still_used(listed: Listed, secret: StoredSecret, at: Instant) -> bool:
    use = listed.secret_uses.get(secret.n)
    if use is None or _secret_state(secret, at) != "retiring":
        return False
    newer = (s.created_at for s in listed.secrets if s.n > secret.n)
    # Where keys took its place, there is no newer one.
    return use.at >= min(newer, default=listed.credential.modified_at)


def _last_used(use: LastUse | None) -> LastUsedAnswer | None:
    return (
        None if use is None else LastUsedAnswer(text_of(use.at), use.address, use.agent, use.uses)
    )
