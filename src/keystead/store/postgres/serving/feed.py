"""How a process on PostgreSQL hears of changes, and how it knows that it does.

Three ways, each enough by itself: the node's own acts raise the shared generation before they are answered;
a NOTIFY wakes other nodes; and the generation is asked for twice a second, which is also the proof that the
server is within reach. Without that proof memory is not trusted, and behind a broken line it is forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Final

from keystead.core.errors import Unavailable
from keystead.ports.freshness import News
from keystead.store.postgres.serving.connection import LOST, TIMEOUT, connect
from keystead.store.postgres.serving.writer import CHANNEL

if TYPE_CHECKING:
    import asyncpg

    from keystead.store.postgres.serving.shared import SharedGeneration

__all__ = ["PROBE_SECONDS", "TRUST_SECONDS", "PostgresFeed"]

PROBE_SECONDS: Final = 0.5
TRUST_SECONDS: Final = 2.0
"""Counted from when a probe was sent that was answered."""

_MOST_NAMED: Final = 10_000
_LOG: Final = logging.getLogger("keystead.store")
_EVERYTHING: Final = News(everything=True, named=())


class PostgresFeed:
    """`ports.freshness.NewsFeed` on a connection used for nothing but listening."""

    def __init__(self, url: str, shared: SharedGeneration) -> None:
        """Begin deaf; `start` listens."""
        self._url = url
        self._shared = shared
        self._connection: asyncpg.Connection = None
        self._generation = 0
        self._stirs = 1
        # As many of them as have been looked into.
        self._heard = 0
        # Since a line broke: the database behind the next one may have another past.
        self._is_estranged = False
        self._trusted_until = 0.0
        self._failed_at = -1.0
        self._asking = asyncio.Lock()
        self._is_closing = False
        self._probing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start to listen; what happened before is not news."""
        self._generation = await self._ask()
        self._heard, self._is_estranged = self._stirs, False
        self._probing = asyncio.create_task(self._probe())

    async def news(self) -> News | None:
        """See the port.

        Raises:
            Unavailable: `not_fresh`; nobody can say what has changed.
        """
        if self._knows_all():
            return None
        arrived = time.monotonic()
        async with self._asking:
            if self._knows_all():
                return None
            if self._failed_at >= arrived:
                # Whoever waited has waited long enough.
                raise _not_fresh()
            try:
                return await self._look()
            except Exception:  # noqa: BLE001  # whatever it is, nothing is known
                self._hang_up()
                raise _not_fresh() from None

    def doubt(self) -> None:
        """See the port."""
        self._stirs += 1

    async def close(self) -> None:
        """Stop listening."""
        self._is_closing = True
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing], timeout=TIMEOUT)
        if self._connection is not None:
            with contextlib.suppress(*LOST):
                await self._connection.close(timeout=TIMEOUT)

    def _knows_all(self) -> bool:
        return (
            time.monotonic() < self._trusted_until
            and self._heard == self._stirs
            and not self._is_estranged
            and self._shared.value() <= self._generation
        )

    async def _look(self) -> News | None:
        was_trusted = time.monotonic() < self._trusted_until
        # As before the question: what stirs while it is being answered is asked about again. Until all is
        # known, nobody else may take what is remembered for fresh, though this call be cancelled.
        stirs = self._stirs
        generation = await self._ask()
        behind = generation - self._generation
        rows: list[tuple[str, str]] | None = None
        if was_trusted and not self._is_estranged and 0 <= behind <= _MOST_NAMED:
            rows = await self._named(generation) if behind else []
        self._generation, self._heard, self._is_estranged = generation, stirs, False
        if rows is None or len(rows) != behind:
            return _EVERYTHING
        return News(everything=False, named=tuple(rows)) if rows else None

    async def _named(self, until: int) -> list[tuple[str, str]]:
        rows = await self._connection.fetch(
            "SELECT changed, ref FROM generation_journal WHERE n > $1 AND n <= $2 ORDER BY n",
            *(self._generation, until),
        )
        return [(row[0], row[1]) for row in rows]

    async def _ask(self) -> int:
        """Return the generation, which proves that the server is within reach."""
        async with asyncio.timeout(TIMEOUT):
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._url)
                self._is_estranged = True
                # What was notified while nobody listened is in the number that is asked for next.
                await self._connection.add_listener(CHANNEL, self._stir)
            shared = self._shared.value()
            sent = time.monotonic()
            generation: int = await self._connection.fetchval("SELECT n FROM generation")
        if shared > generation:
            # Read before the database was asked, so the database itself went back.
            self._shared.lower_to(generation)
        self._trusted_until = sent + TRUST_SECONDS
        return generation

    async def _probe(self) -> None:
        while not self._is_closing:
            await asyncio.sleep(PROBE_SECONDS)
            async with self._asking:
                try:
                    generation = await self._ask()
                except Exception as error:  # noqa: BLE001  # the next probe tries again
                    _LOG.warning("the database is out of reach: %s", type(error).__name__)
                    self._hang_up()
                else:
                    self._stirs += generation != self._generation

    def _stir(self, *_: object) -> None:
        self._stirs += 1

    def _hang_up(self) -> None:
        self._failed_at = time.monotonic()
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.terminate()
            self._connection = None


def _not_fresh() -> Unavailable:
    msg = "the database does not answer, so nobody can say who may still do this; try again"
    return Unavailable("not_fresh", msg)
