"""The store as a whole: transactions over all nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.ports.audit import AuditRecords
    from keystead.ports.credentials import CredentialRecords
    from keystead.ports.freshness import GenerationRecords
    from keystead.ports.owners import OwnerRecords
    from keystead.ports.vault import AccountRecords, FolderRecords

__all__ = ["Store", "Tx"]

T = TypeVar("T")


class Tx(Protocol):
    """One transaction: whatever is written through it is kept together or not at all."""

    @property
    def credentials(self) -> CredentialRecords:
        """Credentials and their secrets."""

    @property
    def owners(self) -> OwnerRecords:
        """Users and applications."""

    @property
    def folders(self) -> FolderRecords:
        """Folders and grants."""

    @property
    def accounts(self) -> AccountRecords:
        """Accounts and versions."""

    @property
    def audit(self) -> AuditRecords:
        """The chain."""

    @property
    def generation(self) -> GenerationRecords:
        """What others must hear of."""


class Store(Protocol):
    """Where everything is kept."""

    async def act(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work` in a transaction and return its result once that is durable.

        `work` awaits nothing but the transaction's own methods. What it raises rolls it back whole.

        Raises:
            Unavailable: it cannot be kept just now (`audit_full`, `busy`); nothing was done.
        """

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work` on one consistent state, without writing."""
