"""What everybody is judged by besides himself, as a process remembers it: folders, APIs, the house's rules.

It is read when it is needed, and forgotten by `freshness` when it has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from keystead.policy.catalogue.catalogue import APIs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.policy.organisation import Organisation
    from keystead.ports.store import Store, Tx
    from keystead.vault.folder import FolderTree

__all__ = ["Shared"]

T = TypeVar("T")

_MOST_STALE: Final = 16
"""APIs that are read one by one; of more, all are read at once."""


class Shared:
    """One process's memory of it."""

    def __init__(self, store: Store) -> None:
        """Remember nothing yet."""
        self._store = store
        self._tree: FolderTree | None = None
        self._apis: APIs | None = None
        # Those that have changed since: a catalogue may be long, and there may be many.
        self._stale: set[str] = set()
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

    def forget_api(self, api_id: str) -> None:
        """Forget one API, and all of them where too many have changed."""
        self._drops += 1
        self._stale.add(api_id)
        if len(self._stale) > _MOST_STALE:
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
        """Return every API; those that have changed are read anew, for none says anything of another."""
        known, stale = self._apis, tuple(self._stale)
        if known is not None and not stale:
            return known

        async def read(tx: Tx) -> APIs:
            if known is None:
                return APIs(await tx.apis.all())
            return known.with_changed({id_: await tx.apis.find(id_) for id_ in stale})

        apis, is_current = await self._read(read)
        if is_current:
            self._apis = apis
            self._stale.clear()
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
