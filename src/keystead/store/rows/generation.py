"""The generation and its journal in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert, select, update

from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.ports.freshness import Changed
    from keystead.store.rows.statement import Runner

__all__ = ["JOURNAL_KEPT", "GenerationRows"]

_G: Final = tables.generation.c
_J: Final = tables.generation_journal.c

JOURNAL_KEPT: Final = 100_000
"""Names kept in the journal at least; a process that is further behind forgets everything."""

_TRIM_EVERY: Final = 1000

_HOLD: Final = kept(select(_G.n).with_for_update())
_RAISE: Final = kept(update(tables.generation).values(n=_G.n + 1).returning(_G.n))
_WRITE: Final = kept(
    insert(tables.generation_journal).values({c.name: bindparam(c.name) for c in _J})
)
_TRIM: Final = kept(delete(tables.generation_journal).where(_J.n <= bindparam("until")))


class GenerationRows:
    """`ports.freshness.GenerationRecords` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run
        self.raised = 0

    async def hold(self) -> None:
        """See the port."""
        await self._run.row(_HOLD, {})

    async def raise_for(self, changed: Changed, ref: str, at: Instant) -> None:
        """See the port."""
        row = await self._run.row(_RAISE, {})
        n = self.raised = int(row[0]) if row is not None else 0
        await self._run.changed(_WRITE, {"n": n, "changed": changed, "ref": ref, "at": at})
        if n % _TRIM_EVERY == 0:
            await self._run.changed(_TRIM, {"until": n - JOURNAL_KEPT})
