"""The embedded store: one SQLite file, written by one writer a process, and read by two connections.

Reading by a key takes less than handing it to another thread would; it happens on the event loop's. A list
takes a thousand times as long, and half of that in SQLite, where nobody else needs to wait: it is read in a
thread, by a connection of its own. A search in the one then delays neither a fetch nor an act.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from keystead.store.rows.audit import NODE
from keystead.store.rows.tx import SQLTx
from keystead.store.sqlite.connection import SQLiteRunner, connect, drive, translated
from keystead.store.sqlite.writer import GroupWriter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from keystead.crypto.keyring import AuditKey
    from keystead.ports.store import Tx

__all__ = ["SQLiteStore"]

T = TypeVar("T")


class SQLiteStore:
    """`ports.store.Store` on a data directory."""

    def __init__(self, data: Path, audit_key: AuditKey) -> None:
        """Open the database, which must exist in this version's form (see `migrate`)."""
        self._writer = GroupWriter(data, audit_key)
        self._reads = _Reader(data)
        self._browses = _Reader(data)
        self._thread = ThreadPoolExecutor(1, "keystead-lists")

    @property
    def statements(self) -> int:
        """How many statements ran so far; tests pin what an operation costs."""
        return self._writer.statements + self._reads.run.statements + self._browses.run.statements

    def is_ready(self) -> bool:
        """Say whether the database answers a read."""
        try:
            return bool(self._reads.run.connection.execute("SELECT 1 FROM generation").fetchall())
        except sqlite3.Error:
            return False

    async def act(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """See the port."""
        return await self._writer.act(work)

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """See the port; it never suspends, so no other work comes between its statements."""
        return self._reads.read(work)

    async def browse(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """See the port."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._browses.read, work)

    async def close(self) -> None:
        """Finish waiting acts and lists, and close."""
        await asyncio.to_thread(self._thread.shutdown)
        self._browses.run.connection.close()
        self._reads.run.connection.close()
        await self._writer.close()


class _Reader:
    """A connection that only reads; one thread at a time uses it."""

    def __init__(self, data: Path) -> None:
        self.run = SQLiteRunner(connect(data, writes=False))
        self._tx = SQLTx(self.run, NODE)

    def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        execute = self.run.connection.execute
        try:
            execute("BEGIN")
            try:
                return drive(work(self._tx))  # type: ignore[arg-type]
            finally:
                execute("COMMIT")
        except sqlite3.Error as error:
            raise translated(error) from None
