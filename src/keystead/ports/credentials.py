"""What the verbs about credentials ask of a store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from keystead.policy.scopes import scopes_for

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from keystead.core.clock import Instant
    from keystead.credentials.access_token import AccessToken
    from keystead.credentials.lifecycle import State
    from keystead.credentials.record import Credential, LastUse, StoredSecret
    from keystead.crypto.jose.assertion import VerifiedAssertion
    from keystead.owners.owner import Owner
    from keystead.ports.paging import Page, PageRequest

__all__ = [
    "CredentialQuery",
    "CredentialRecords",
    "CredentialSort",
    "KindCount",
    "Known",
    "Listed",
    "signing_digest",
]

CredentialSort = Literal["created_at", "-created_at", "name", "-name", "expires_at", "-expires_at"]


@dataclass(frozen=True, slots=True)
class Known:
    """What recognition needs of a presented credential, in one read.

    Attributes:
        credential: without its description and metadata, which decide nothing.
        managed: the ids of applications that the owner manages; read for a process's memory alone.
        groups: the ids of the groups that the owner is in; likewise.
        minted: the access token itself where it is one; `credential` is then made of it and its parent.
        parent: what it was minted from, as that one is.
        assertion: what a client has signed, to be used up by the act; its secret is then number 0.
    """

    credential: Credential
    secret: StoredSecret
    owner: Owner
    managed: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    minted: AccessToken | None = None
    parent: Credential | None = None
    assertion: VerifiedAssertion | None = None

    @property
    def used(self) -> tuple[str, int]:
        """Whose use this is, and by which secret or registered key; of an access token its parent's."""
        if self.minted is not None:
            return self.minted.parent_id, self.minted.secret_n
        n = self.secret.n if self.assertion is None else self.assertion.key_n
        return self.credential.id, n

    @property
    def expires_at(self) -> Instant | None:
        """The end of what was presented: the credential's, or its secret's where that retires sooner."""
        end, retires = self.credential.expires_at, self.secret.retires_at
        if end is None or retires is None:
            return retires if end is None else end
        return min(end, retires)

    def scopes_on(self, api: str, actions: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
        """Return the scopes held on an API with these actions: what was given, as far as it was minted."""
        held = scopes_for(api, self.credential.access, actions)
        return held if self.minted is None else held & frozenset(self.minted.grants.get(api, ()))

    @property
    def audience(self) -> tuple[str, ...]:
        """The identifiers of the APIs it was given access to, in that order."""
        given = dict.fromkeys(entry.api for entry in self.credential.access)
        return tuple(api for api in given if self.minted is None or api in self.minted.grants)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """Which credentials to list.

    Attributes:
        visible: owners whose credentials may be seen, nobody's until a verb says whose; None means
            everybody's.
        at: the instant by which states are judged.
        q: a part of the name or the description, without regard to case.
    """

    at: Instant
    visible: frozenset[str] | None = frozenset()
    kind: str | None = None
    type: str | None = None
    state: State | None = None
    owner_id: str | None = None
    q: str | None = None
    expires_before: Instant | None = None
    last_used_before: Instant | None = None
    sort: CredentialSort = "-created_at"

    def within(self, kind: str, type_: str) -> CredentialQuery:
        """Return the same, of one kind and type alone; where others were asked for, of nobody's."""
        if self.kind not in {None, kind} or self.type not in {None, type_}:
            return replace(self, visible=frozenset())
        return replace(self, kind=kind, type=type_)


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many credentials of a kind are in which state; the others are off, revoked or not yet valid.

    Attributes:
        live: those that are accepted; the next and the last are among them.
        expiring: ending within 30 days.
        expired: past their end.
        never_expires: without an end.
    """

    kind: str
    live: int = 0
    expiring: int = 0
    expired: int = 0
    never_expires: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """A credential as a list shows it; `former_use` is the last one under its former id."""

    credential: Credential
    owner: Owner
    secrets: tuple[StoredSecret, ...]
    last_use: LastUse | None
    secret_uses: Mapping[int, LastUse]
    former_use: LastUse | None = None


def signing_digest(id12: str) -> bytes:
    """Return what stands for a digest where a client has no secret; a secret's has another length."""
    return b"keys of " + id12.encode()


class CredentialRecords(Protocol):
    """Credentials and their secrets."""

    async def insert(self, credential: Credential, secret: StoredSecret | None) -> None:
        """Add both; a client that signs with a key of its own has no secret.

        Raises:
            Conflict: a living credential of this kind has the name, or an API that it has access to is gone.
        """

    async def find(self, credential_id: str) -> Listed | None:
        """Return one that is not deleted; in an act, nobody else changes it until that is done."""

    async def find_successor(self, former_id: str) -> Listed | None:
        """Return the living one that has this former id, to be held in an act as by `find`."""

    async def find_successor_id(self, former_id: str) -> str | None:
        """Return the id of the living one that has this former id; it is not held."""

    async def find_presented(
        self, candidates: Collection[tuple[int, bytes]], id12: str | None
    ) -> Known | None:
        """Return what a digest belongs to, if the row carries the token's own id; deleted ones too.

        An imported token has none: for None only an imported one is found, and for an id none of those.
        """

    async def find_signing(self, id12: str) -> Known | None:
        """Return the client of this id if it has registered keys; deleted ones too."""

    async def metadata(self, credential_id: str) -> Mapping[str, str]:
        """Return a credential's metadata, which recognition leaves out."""

    async def save(self, credential: Credential, was: int) -> bool:
        """Write the changed record if its revision is still `was`; False where it is not.

        Raises:
            Conflict: as `insert`.
        """

    async def insert_secret(self, credential_id: str, secret: StoredSecret) -> None:
        """Add one more secret."""

    async def retire_secrets(self, credential_id: str, through: int, at: Instant) -> None:
        """Let every secret up to number `through` end at an instant, unless it ends sooner."""

    async def end_older(self, credential_id: str, n: int, at: Instant) -> bool:
        """End a former id and the secrets before number `n`, whose first use does so; False where it has."""

    async def use(self, credential_id: str, at: Instant) -> bool:
        """Count one use of a credential with `max_uses`, the last of which ends it; False where none is left.

        One that was revoked, switched off or ended meanwhile has none left either.
        """

    async def bury(self, credential_id: str, at: Instant) -> bool:
        """Make it a tombstone and free its name; False where it is gone already."""

    async def set_aside(self, credential_id: str, at: Instant) -> bool:
        """Free its name for what is inserted next with this as its former id; False where it is gone.

        It is no longer found or listed, and still recognised. Until `former_ends_at` it is what that one is,
        whatever `insert`, `save`, `bury` and `end_older` make of that.
        """

    async def counts(self, query: CredentialQuery) -> Sequence[KindCount]:
        """Count what a query of owners, a kind and a type alone finds; kinds without any are left out."""

    async def page(self, query: CredentialQuery, page: PageRequest) -> Page[Listed]:
        """List."""
