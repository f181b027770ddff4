"""How a process on SQLite hears of changes: a connection used for nothing but asking."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from keystead.ports.freshness import News
from keystead.store.sqlite.connection import connect

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SQLiteFeed"]

_MOST_NAMED: Final = 10_000


class SQLiteFeed:
    """`ports.freshness.NewsFeed`.

    `PRAGMA data_version` moves at every commit of another connection, this process's own writer among
    them, and costs two microseconds; only when it moved is the generation read, and only when that moved
    the journal.
    """

    def __init__(self, data: Path) -> None:
        """Start to listen; what happened before is not news."""
        self._connection = connect(data, writes=False)
        self._version = self._data_version()
        self._generation = self._now()
        self._asked = False

    async def news(self) -> News | None:
        """See the port."""
        if self._asked:
            return None
        # Once a turn of the event loop is enough: a request that was read after this question runs in a
        # later turn, behind the call that lets it be asked again.
        self._asked = True
        asyncio.get_running_loop().call_soon(self._ask_again)
        version = self._data_version()
        if version == self._version:
            return None
        generation = self._now()
        # Only after the generation was read, so that a failure in between is asked again.
        self._version = version
        behind = generation - self._generation
        if behind == 0:
            return None
        rows = self._connection.execute(
            "SELECT changed, ref FROM generation_journal WHERE n > ? AND n <= ? LIMIT ?",
            (self._generation, generation, _MOST_NAMED + 1),
        ).fetchall()
        self._generation = generation
        if behind > _MOST_NAMED or len(rows) != behind:
            return News(everything=True, named=())
        return News(everything=False, named=tuple((row[0], row[1]) for row in rows))

    def doubt(self) -> None:
        """See the port."""
        self._asked = False

    def _ask_again(self) -> None:
        self._asked = False

    def close(self) -> None:
        """Stop listening."""
        self._connection.close()

    def _data_version(self) -> int:
        # fetchall: the number stands still while a cursor is open.
        return int(self._connection.execute("PRAGMA data_version").fetchall()[0][0])

    def _now(self) -> int:
        return int(self._connection.execute("SELECT n FROM generation").fetchall()[0][0])
