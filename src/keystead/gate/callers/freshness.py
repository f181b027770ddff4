"""What a process remembers of recognised credentials, and how it stays true (Law 3).

Remembered are decided-upon *inputs*: the credential, its secret, its owner, the folder tree. A decision is
never kept; expiry and networks are judged at each use. Before every use the feed is asked for news (a
microsecond where there is none), and what it names is dropped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from keystead.gate.callers.caller import Caller, subject_of
from keystead.gate.callers.shared import Shared
from keystead.policy.roles import inherited_rights
from keystead.ports.credentials import signing_digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from keystead.policy.catalogue.catalogue import APIs
    from keystead.policy.decide import Subject
    from keystead.policy.organisation import Organisation
    from keystead.policy.roles import Right
    from keystead.ports.credentials import Known
    from keystead.ports.freshness import NewsFeed
    from keystead.ports.store import Store, Tx
    from keystead.vault.folder import FolderTree

__all__ = ["Freshness"]

_MOST: Final = 1_000_000
"""Entries remembered by a process, some 100 bytes each; past it the memory starts anew."""

_OF_EACH: Final = 20
"""Entries that a credential counts for, besides what its owner manages and may do in folders."""


class Freshness:
    """One process's memory."""

    def __init__(
        self, store: Store, feed: NewsFeed, learn_keys: Callable[[], Awaitable[None]]
    ) -> None:
        """Remember nothing yet; `learn_keys` reads the keyring anew."""
        self._store = store
        self._feed = feed
        self._known: dict[bytes, tuple[Known, Subject]] = {}
        self._digests: dict[str, set[bytes]] = {}
        # One for all credentials of an owner: ten thousand applications take a megabyte.
        self._own: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._weight = 0
        self._shared = Shared(store)
        self._rights: dict[str, Mapping[str, Right]] = {}
        # Made of all the above, so that they go with the first of it that is dropped.
        self._callers: dict[bytes, Caller] = {}
        # Raised whenever something is dropped: what was read before may not be remembered after.
        self.drops = 0
        self._learn_keys = learn_keys
        self._keys_changed = self._keys_learnt = 0

    async def catch_up(self) -> bool:
        """Drop whatever has changed, and say whether anything has; called before every use of the memory."""
        has_changed = await self._drop_what_changed()
        if self._keys_learnt != self._keys_changed:
            # Whoever comes meanwhile learns them as well, and a failure is tried again.
            changed = self._keys_changed
            await self._learn_keys()
            self._keys_learnt = max(self._keys_learnt, changed)
        return has_changed

    async def _drop_what_changed(self) -> bool:
        news = await self._feed.news()
        if news is None:
            return False
        # Before the others, whose names may be too many to be looked at one by one.
        self._keys_changed += news.everything or any(name == "keys" for name, _ in news.named)
        self.drops += 1
        self._callers.clear()
        if news.everything:
            self._forget_all()
            return True
        for changed, ref in news.named:
            match changed:
                case "folders":
                    self._shared.forget_folders()
                    self._weight -= sum(map(len, self._rights.values()))
                    self._rights.clear()
                case "apis":
                    self._shared.forget_api(ref)
                case "settings":
                    self._shared.forget_organisation()
                case "keys":
                    pass
                case "credential" | "owner":
                    for digest in self._digests.pop(ref, ()):
                        self._drop(digest)
                    self._leave(ref)
                case _:
                    # Too many owners to name; or a newer version's word, which is not known here.
                    self._forget_all()
                    return True
        return True

    async def was_behind(self) -> bool:
        """Ask the store itself whether what was decided by had changed; drop it if so.

        What another node gives takes a moment to be heard of here, and is not to be refused meanwhile.

        Raises:
            Unavailable: `not_fresh`; it cannot be asked.
        """
        self._feed.doubt()
        return await self.catch_up()

    async def find(
        self, candidates: Collection[tuple[int, bytes]], id12: str | None
    ) -> Known | None:
        """Return what a digest belongs to, from memory or else from the store."""

        async def look_up(tx: Tx) -> Known | None:
            return await tx.credentials.find_presented(candidates, id12)

        return await self._found(candidates, look_up)

    async def find_minted(self, candidates: Collection[tuple[int, bytes]]) -> Known | None:
        """Return the access token that a digest belongs to, from memory or else from the store."""

        async def look_up(tx: Tx) -> Known | None:
            return await tx.access_tokens.find_presented(candidates)

        return await self._found(candidates, look_up)

    async def find_signing(self, id12: str) -> Known | None:
        """Return the client of this id that has registered keys, from memory or else from the store."""

        async def look_up(tx: Tx) -> Known | None:
            return await tx.credentials.find_signing(id12)

        return await self._found([(0, signing_digest(id12))], look_up)

    async def _found(
        self,
        candidates: Collection[tuple[int, bytes]],
        look_up: Callable[[Tx], Awaitable[Known | None]],
    ) -> Known | None:
        held = self.recall(candidates)
        if held is not None:
            return held

        async def read(tx: Tx) -> Known | None:
            known = await look_up(tx)
            return None if known is None else await self.with_own(tx, known)

        drops = self.drops
        known = await self._store.read(read)
        if known is not None:
            self.learn(known, drops)
        return known

    def recall(self, candidates: Collection[tuple[int, bytes]]) -> Known | None:
        """Return what a digest belongs to, if that is remembered."""
        for _, digest in candidates:
            if (held := self._known.get(digest)) is not None:
                # The id is part of the token under the digest, so a remembered digest has the right one; the
                # binding of an imported one is looked at each time.
                return held[0]
        return None

    async def with_own(self, tx: Tx, known: Known) -> Known:
        """Return what was found with what its owner has."""
        own = self._own.get(known.owner.id) or await tx.owners.own_of(known.owner.id)
        return replace(known, managed=own[0], groups=own[1])

    def learn(self, known: Known, drops: int) -> None:
        """Remember what was read, unless anything has changed since `drops` was as it was before."""
        if drops == self.drops:
            self._remember(known)

    async def caller(self, known: Known) -> Caller:
        """Return the recognised caller with his folder rights."""
        remembered = self._callers.get(known.secret.digest)
        if remembered is not None and remembered.known is known:
            return remembered
        drops = self.drops
        held = self._known.get(known.secret.digest)
        subject = held[1] if held is not None else subject_of(known)
        tree = await self.tree()
        rights = self._rights.get(known.owner.id)
        if rights is None:
            grantees = (known.owner.id, *known.groups)
            rights = inherited_rights(tree.parents, tree.grants, grantees)
            # Only of what is remembered itself: groups that were left meanwhile are not told of again.
            self._make_room(len(rights))
            held = self._known.get(known.secret.digest)
            if self._shared.remembers(tree) and held is not None and held[0] is known:
                self._rights[known.owner.id] = rights
                self._weight += len(rights)
        apis, organisation = await self.apis(), await self.organisation()
        caller = Caller(known, subject, rights, tree, apis, organisation)
        held = self._known.get(known.secret.digest)
        if drops == self.drops and held is not None and held[0] is known:
            self._callers[known.secret.digest] = caller
        return caller

    async def tree(self) -> FolderTree:
        """Return the folder tree."""
        return await self._shared.tree()

    async def apis(self) -> APIs:
        """Return every API."""
        return await self._shared.apis()

    async def organisation(self) -> Organisation:
        """Return the organisation's rules."""
        return await self._shared.organisation()

    def _remember(self, known: Known) -> None:
        digest, owner_id = known.secret.digest, known.owner.id
        self._drop(digest)
        of_owner = len(known.managed) + len(known.groups)
        self._make_room(_OF_EACH + of_owner)
        if owner_id not in self._own:
            self._own[owner_id] = (known.managed, known.groups)
            self._weight += of_owner
        self._known[digest] = (known, subject_of(known))
        self._weight += _OF_EACH
        for ref in _refs(known):
            self._digests.setdefault(ref, set()).add(digest)

    def _drop(self, digest: bytes) -> None:
        held = self._known.pop(digest, None)
        if held is None:
            return
        self._weight -= _OF_EACH
        # Out of both lists: an owner's would grow with every credential that he ever had.
        for ref in _refs(held[0]):
            others = self._digests.get(ref)
            if others is not None:
                others.discard(digest)
                if not others:
                    del self._digests[ref]
                    self._leave(ref)

    def _leave(self, owner_id: str) -> None:
        """Forget what an owner has, of whom something has changed or nothing is remembered."""
        own, rights = self._own.pop(owner_id, ()), self._rights.pop(owner_id, ())
        self._weight -= sum(map(len, own)) + len(rights)

    def _make_room(self, weight: int) -> None:
        if self._weight + weight > _MOST:
            self._forget_all()

    def _forget_all(self) -> None:
        self._known.clear()
        self._callers.clear()
        self._digests.clear()
        self._own.clear()
        self._weight = 0
        self._rights.clear()
        self._shared.forget_all()


def _refs(known: Known) -> tuple[str, ...]:
    """Return what it is dropped by: itself, its owner, and what it was minted from."""
    parents = () if known.minted is None else (known.minted.parent_id,)
    return (known.credential.id, known.owner.id, *parents)
