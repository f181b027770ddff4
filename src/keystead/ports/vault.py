"""What the verbs about folders, accounts and their versions ask of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant
    from keystead.ports.paging import Page, PageRequest
    from keystead.vault.account import Account
    from keystead.vault.folder import Folder, FolderTree
    from keystead.vault.version import SealedVersion

__all__ = ["AccountQuery", "AccountRecords", "FolderQuery", "FolderRecords"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderQuery:
    """Which folders to list; `visible` None means all, and none are until a verb says which."""

    visible: frozenset[str] | None = frozenset()
    parent_id: str | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountQuery:
    """Which accounts to list; `visible` holds folder ids, none until a verb says which; None means all."""

    visible: frozenset[str] | None = frozenset()
    folder_id: str | None = None
    tag: str | None = None
    type: str | None = None
    q: str | None = None


class FolderRecords(Protocol):
    """Folders and the grants on them."""

    async def tree(self) -> FolderTree:
        """Return every living folder's place and grants."""

    async def insert(self, folder: Folder) -> bool:
        """Add one; False where the parent folder is gone.

        Raises:
            Conflict: a living sibling has the name.
        """

    async def find(self, folder_id: str) -> Folder | None:
        """Return one that is not deleted."""

    async def above(self, folder_id: str) -> tuple[str, ...]:
        """Return the folder and those it lies in, as they are in this transaction."""

    async def height(self, folder_id: str) -> int:
        """Return how many levels the folder and what lies in it have, from 1."""

    async def save(self, folder: Folder, was: int) -> bool:
        """Write the changed record and its grants if its revision is still `was`.

        Raises:
            Conflict: a living sibling has the name.
        """

    async def bury(self, folder_id: str, at: Instant) -> bool:
        """Delete it if it holds no living folder or account; False where it does."""

    async def page(self, query: FolderQuery, page: PageRequest) -> Page[Folder]:
        """List by name."""


class AccountRecords(Protocol):
    """Accounts and their sealed versions."""

    async def insert(self, account: Account, version: SealedVersion) -> bool:
        """Add both; False where the folder is gone.

        Raises:
            Conflict: a living sibling has the name.
        """

    async def find(self, account_id: str) -> Account | None:
        """Return one that is not deleted; in an act, nobody else changes it until that is done."""

    async def find_in(self, folder_id: str, name: str) -> Account | None:
        """Return the living account of this name in a folder."""

    async def save(self, account: Account, was: int) -> bool:
        """Write the changed description if its revision is still `was`.

        Raises:
            Conflict: a living sibling has the name.
        """

    async def add_version(self, version: SealedVersion) -> bool:
        """Add the version that follows the newest; False where that number is not the next."""

    async def fetch(
        self, account_id: str, n: int | None
    ) -> tuple[Account, SealedVersion | None] | None:
        """Return a living account and one of its versions, the newest where `n` is None, in one read."""

    async def fetch_in(
        self, folder_id: str, name: str, n: int | None
    ) -> tuple[Account, SealedVersion | None] | None:
        """As `fetch`, by the account's name in a folder."""

    async def versions(
        self, account_id: str, before: int | None, size: int
    ) -> Sequence[SealedVersion]:
        """Return versions, the newest first, their sealed bytes left empty."""

    async def bury(self, account_id: str, at: Instant) -> bool:
        """Delete it and destroy its sealed versions; False where it is gone already."""

    async def page(self, query: AccountQuery, page: PageRequest) -> Page[Account]:
        """List by name."""
