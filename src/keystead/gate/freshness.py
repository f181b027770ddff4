"""What a process remembers of recognised credentials, and how it stays true (Law 3).

Remembered are decided-upon *inputs*: the credential, its secret, its owner, the folder tree. A decision is
never kept; expiry and networks are judged at each use. Before every use the feed is asked for news (a
microsecond where there is none), and what it names is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.gate.caller import Caller, subject_of
from keystead.policy.roles import inherited_rights

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from keystead.policy.decide import Subject
    from keystead.policy.roles import Right
    from keystead.ports.credentials import Known
    from keystead.ports.freshness import NewsFeed
    from keystead.ports.store import Store, Tx
    from keystead.vault.folder import FolderTree

__all__ = ["Freshness"]

_MOST: Final = 200_000
"""Credentials remembered by a process, some 2 KB each; past it the memory starts anew."""


class Freshness:
    """One process's memory."""

    def __init__(self, store: Store, feed: NewsFeed) -> None:
        """Remember nothing yet."""
        self._store = store
        self._feed = feed
        self._known: dict[bytes, tuple[Known, Subject]] = {}
        self._digests: dict[str, set[bytes]] = {}
        self._tree: FolderTree | None = None
        self._rights: dict[str, Mapping[str, Right]] = {}
        # Raised whenever something is dropped: what was read before may not be remembered after.
        self._drops = 0

    async def catch_up(self) -> None:
        """Drop whatever has changed; called before every use of the memory."""
        news = await self._feed.news()
        if news is None:
            return
        self._drops += 1
        if news.everything:
            self._forget_all()
            return
        for changed, ref in news.named:
            match changed:
                case "folders":
                    self._tree = None
                    self._rights.clear()
                case "credential" | "owner":
                    for digest in self._digests.pop(ref, ()):
                        self._drop(digest)
                    self._rights.pop(ref, None)
                case _:
                    # Written by a newer version, perhaps: what it touches is not known here.
                    self._forget_all()
                    return

    async def find(self, candidates: Collection[tuple[int, bytes]], id12: str) -> Known | None:
        """Return what a digest belongs to, from memory or else from the store."""
        for _, digest in candidates:
            if (held := self._known.get(digest)) is not None:
                # The id is part of the token under the digest, so a remembered digest has the right one.
                return held[0]

        async def look_up(tx: Tx) -> Known | None:
            return await tx.credentials.find_presented(candidates, id12)

        drops = self._drops
        known = await self._store.read(look_up)
        if known is not None and drops == self._drops:
            self._remember(known)
        return known

    async def caller(self, known: Known) -> Caller:
        """Return the recognised caller with his folder rights."""
        held = self._known.get(known.secret.digest)
        subject = held[1] if held is not None else subject_of(known)
        tree = await self.tree()
        rights = self._rights.get(known.owner.id)
        if rights is None:
            rights = inherited_rights(tree.parents, tree.grants, (known.owner.id,))
            if tree is self._tree:
                self._rights[known.owner.id] = rights
        return Caller(known, subject, rights, tree)

    async def tree(self) -> FolderTree:
        """Return the folder tree."""
        if self._tree is not None:
            return self._tree

        async def read(tx: Tx) -> FolderTree:
            return await tx.folders.tree()

        drops = self._drops
        tree = await self._store.read(read)
        if drops == self._drops:
            self._tree = tree
        return tree

    def _remember(self, known: Known) -> None:
        if len(self._known) >= _MOST:
            self._forget_all()
        digest = known.secret.digest
        self._known[digest] = (known, subject_of(known))
        for ref in (known.credential.id, known.owner.id):
            self._digests.setdefault(ref, set()).add(digest)

    def _drop(self, digest: bytes) -> None:
        held = self._known.pop(digest, None)
        if held is None:
            return
        # Out of both lists: an owner's would grow with every credential that he ever had.
        for ref in (held[0].credential.id, held[0].owner.id):
            others = self._digests.get(ref)
            if others is not None:
                others.discard(digest)
                if not others:
                    del self._digests[ref]

    def _forget_all(self) -> None:
        self._known.clear()
        self._digests.clear()
        self._rights.clear()
        self._tree = None
