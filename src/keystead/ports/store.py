"""The store as a whole: transactions over all nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.ports.access_tokens import AccessTokenRecords, AssertionRecords
    from keystead.ports.apis import APIRecords
    from keystead.ports.audit import AuditRecords
    from keystead.ports.credentials import CredentialRecords
    from keystead.ports.freshness import GenerationRecords
    from keystead.ports.groups import GroupRecords
    from keystead.ports.idempotency import IdempotencyRecords
    from keystead.ports.keyring import KeyringRecords
    from keystead.ports.mints import MintRecords
    from keystead.ports.owners import OwnerRecords
    from keystead.ports.settings import SettingRecords
    from keystead.ports.signing_keys import SigningKeyRecords
    from keystead.ports.usage import UsageReads
    from keystead.ports.vault import AccountRecords, FolderRecords

__all__ = ["Store", "Tx"]

T = TypeVar("T")


class Tx(Protocol):
    """One transaction: whatever is written through it is kept together or not at all."""

    @property
    def credentials(self) -> CredentialRecords:
        """Credentials and their secrets."""

    @property
    def access_tokens(self) -> AccessTokenRecords:
        """Access tokens."""

    @property
    def mints(self) -> MintRecords:
        """How often access tokens are asked for."""

    @property
    def assertions(self) -> AssertionRecords:
        """Client assertions that were used."""

    @property
    def apis(self) -> APIRecords:
        """API catalogues."""

    @property
    def owners(self) -> OwnerRecords:
        """Users and applications."""

    @property
    def groups(self) -> GroupRecords:
        """Groups of owners."""

    @property
    def folders(self) -> FolderRecords:
        """Folders and grants."""

    @property
    def accounts(self) -> AccountRecords:
        """Accounts and versions."""

    @property
    def idempotency(self) -> IdempotencyRecords:
        """Answers that may be asked for again."""

    @property
    def settings(self) -> SettingRecords:
        """The organisation's settings."""

    @property
    def signing_keys(self) -> SigningKeyRecords:
        """Keys that sign access tokens."""

    @property
    def keyring(self) -> KeyringRecords:
        """The house's own keys, wrapped."""

    @property
    def audit(self) -> AuditRecords:
        """The chain."""

    @property
    def usage(self) -> UsageReads:
        """How often credentials were used."""

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
        """Run `work` on one consistent state, without writing.

        What it reads takes microseconds: nothing else may run meanwhile.
        """

    async def browse(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """As `read`, for lists and all else that may take milliseconds; it holds up nobody."""
