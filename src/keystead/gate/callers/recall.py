"""What somebody was shown and asks about, looked up in one act: out of memory, or else in its transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection

    from keystead.gate.callers.freshness import Freshness
    from keystead.ports.credentials import Known
    from keystead.ports.store import Tx

    Candidates = Collection[tuple[int, bytes]]

__all__ = ["Recall"]


class Recall:
    """`Finder` of one act.

    What only reads is answered out of memory, as fresh as the recognition of a caller, or else out of the
    transaction, and remembered then. What changes something is answered out of its transaction alone: it may
    see what another act of the same group has done, which may yet be taken back.

    Attributes:
        asked: something was looked up. What it is judged by besides, its APIs and keys, is remembered, and
            another node's may be newer, so that nobody is refused by it alone.
    """

    def __init__(self, tx: Tx, memory: Freshness | None) -> None:
        """Belong to an act whose transaction has read nothing yet; without a memory, to one that changes."""
        self.asked = False
        self._tx = tx
        self._memory = memory
        # Taken before anything is read, so that what is read then and has changed since is not remembered.
        self._drops = 0 if memory is None else memory.drops

    async def find(self, candidates: Candidates, id12: str | None) -> Known | None:
        """See the protocol."""
        held = self._recalled(candidates)
        return held or await self._learnt(self._tx.credentials.find_presented(candidates, id12))

    async def find_minted(self, candidates: Candidates) -> Known | None:
        """See the protocol."""
        held = self._recalled(candidates)
        return held or await self._learnt(self._tx.access_tokens.find_presented(candidates))

    async def find_signing(self, id12: str) -> Known | None:
        """See the protocol."""
        return await self._tx.credentials.find_signing(id12)

    def _recalled(self, candidates: Candidates) -> Known | None:
        self.asked = True
        return None if self._memory is None else self._memory.recall(candidates)

    async def _learnt(self, found: Awaitable[Known | None]) -> Known | None:
        known = await found
        if self._memory is None or known is None:
            return known
        known = await self._memory.with_own(self._tx, known)
        self._memory.learn(known, self._drops)
        return known
