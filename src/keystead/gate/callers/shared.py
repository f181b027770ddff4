"""What everybody is judged by besides himself, as a process remembers it: folders, APIs, the house's rules.

It is read when it is needed, and forgotten by `freshness` when it has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from keystead.policy.catalogue.catalogue import APIs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.policy.organisation import Organisation
    from keystead.ports.store import Store, Tx
    from keystead.vault.folder import FolderTree

__all__ = ["Shared"]

T = TypeVar("T")


class Shared:
    """One process's memory of it."""

    def __init__(self, store: Store) -> None:
        """Remember nothing yet."""
        self._store = store
        self._tree: FolderTree | None = None
        self._apis: APIs | None = None
        self._organisation: Organisation | None = None
        # Raised whenever something is forgotten: what was read before may not be remembered after.
        self._drops = 0

    def remembers(self, tree: FolderTree) -> bool:
        """Say whether this is the folder tree that is remembered."""
        return tree is self._tree

    def forget_folders(self) -> None:
        """Forget the folder tree."""
        self._drops += 1
        self._tree = None

    def forget_apis(self) -> None:
        """Forget the APIs."""
        self._drops += 1
        self._apis = None

    def forget_organisation(self) -> None:
        """Forget the organisation's rules."""
        self._drops += 1
        self._organisation = None

    def forget_all(self) -> None:
        """Forget all of it."""
        self._drops += 1
        self._tree = self._apis = self._organisation = None

    async def tree(self) -> FolderTree:
        """Return the folder tree."""
        if self._tree is not None:
            return self._tree

        async def read(tx: Tx) -> FolderTree:
            return await tx.folders.tree()

        tree, is_current = await self._read(read)
        if is_current:
            self._tree = tree
        return tree

    async def apis(self) -> APIs:
        """Return every API."""
        if self._apis is not None:
            return self._apis

        async def read(tx: Tx) -> APIs:
            return APIs(await tx.apis.all())

        apis, is_current = await self._read(read)
        if is_current:
            self._apis = apis
        return apis

    async def organisation(self) -> Organisation:
        """Return the organisation's rules."""
        if self._organisation is not None:
            return self._organisation

        async def read(tx: Tx) -> Organisation:
            return await tx.settings.organisation()

        organisation, is_current = await self._read(read)
        if is_current:
            self._organisation = organisation
        return organisation

    async def _read(self, read: Callable[[Tx], Awaitable[T]]) -> tuple[T, bool]:
        """Return what is read, and whether nothing was forgotten meanwhile."""
        drops = self._drops
        found = await self._store.read(read)
        return found, drops == self._drops
