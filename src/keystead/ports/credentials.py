"""What the verbs about credentials ask of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from keystead.core.clock import Instant
    from keystead.credentials.lifecycle import State
    from keystead.credentials.record import Credential, LastUse, StoredSecret
    from keystead.owners.owner import Owner
    from keystead.ports.paging import Page, PageRequest

__all__ = ["CredentialQuery", "CredentialRecords", "CredentialSort", "Known", "Listed"]

CredentialSort = Literal["created_at", "-created_at", "name", "-name", "expires_at", "-expires_at"]


@dataclass(frozen=True, slots=True)
class Known:
    """What recognition needs of a presented credential, in one read.

    Attributes:
        managed: the ids of applications that the owner manages.
    """

    credential: Credential
    secret: StoredSecret
    owner: Owner
    managed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """Which credentials to list.

    Attributes:
        visible: owners whose credentials may be seen; None means everybody's.
        at: the instant by which states are judged.
        q: a part of the name or the description, without regard to case.
    """

    visible: frozenset[str] | None
    at: Instant
    kind: str | None = None
    state: State | None = None
    owner_id: str | None = None
    q: str | None = None
    expires_before: Instant | None = None
    last_used_before: Instant | None = None
    sort: CredentialSort = "-created_at"


@dataclass(frozen=True, slots=True)
class Listed:
    """A credential as a list shows it."""

    credential: Credential
    owner: Owner
    secrets: tuple[StoredSecret, ...]
    last_use: LastUse | None
    secret_uses: Mapping[int, LastUse]


class CredentialRecords(Protocol):
    """Credentials and their secrets."""

    async def insert(self, credential: Credential, secret: StoredSecret) -> None:
        """Add both.

        Raises:
            Conflict: a living credential of this kind has the name.
        """

    async def find(self, credential_id: str) -> Listed | None:
        """Return one that is not deleted."""

    async def find_presented(
        self, candidates: Collection[tuple[int, bytes]], id12: str
    ) -> Known | None:
        """Return what a digest belongs to, if the row carries the token's own id; deleted ones too."""

    async def save(self, credential: Credential, was: int) -> bool:
        """Write the changed record if its revision is still `was`; False where it is not.

        Raises:
            Conflict: another living credential of this kind has the name.
        """

    async def replace_secret(
        self, credential_id: str, fresh: StoredSecret, retires_at: Instant
    ) -> None:
        """Add the new secret and let every older one end at `retires_at`, unless it ends sooner."""

    async def bury(self, credential_id: str, at: Instant) -> bool:
        """Make it a tombstone and free its name; False where it is gone already."""

    async def page(self, query: CredentialQuery, page: PageRequest) -> Page[Listed]:
        """List."""
