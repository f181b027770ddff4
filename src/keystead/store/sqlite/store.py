"""The embedded store: one SQLite file, written by one writer a process, and read by two connections.

Reading by a key takes less than handing it to another thread would; it happens on the event loop's. A list
takes a thousand times as long, and half of that in SQLite, where nobody else needs to wait: it is read in a
thread, by a connection of its own. A search in the one then delays neither a fetch nor an act. It delays the
next list: a statement that takes too long is ended, as on PostgreSQL, and who has waited too long is told so.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from keystead.core.errors import Unavailable
from keystead.crypto.used_keys import UsedKeys
from keystead.store.rows.audit import NODE
from keystead.store.rows.tx import SQLTx
from keystead.store.sqlite.connection import ReadRunner, connect, drive, translated
from keystead.store.sqlite.writer import GroupWriter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy.sql.expression import Executable

    from keystead.crypto.keyring import AuditKey
    from keystead.ports.store import Tx
    from keystead.store.rows.statement import Row

__all__ = ["SQLiteStore"]

T = TypeVar("T")

_STATEMENT_SECONDS: Final = 1.8
"""A statement of a list may take so long; PostgreSQL's may as well."""

_WAIT_SECONDS: Final = 3.0
"""A list may wait so long for those before it."""

_LOOK_SECONDS: Final = 0.1
"""Between two looks at how long the statement of a list has taken."""


class SQLiteStore:
    """`ports.store.Store` on a data directory."""

    def __init__(self, data: Path, audit_key: AuditKey, used: UsedKeys | None = None) -> None:
        """Open the database, which must exist in this version's form (see `migrate`).

        Args:
            data: its directory.
            audit_key: what signs its chain.
            used: is asked which keys an act has used; of a process that seals nothing there are none.
        """
        self._writer = GroupWriter(data, audit_key, used or UsedKeys())
        self._reads = _Reader(ReadRunner(connect(data, writes=False)))
        self._timed = _TimedRunner(connect(data, writes=False))
        self._browses = _Reader(self._timed)
        self._pending = 0
        self._watch: asyncio.TimerHandle | None = None
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
        """See the port.

        Raises:
            Unavailable: `busy`; a statement took too long, or the lists before it did.
        """
        loop = asyncio.get_running_loop()
        self._pending += 1
        if self._watch is None:
            self._watch = loop.call_later(_LOOK_SECONDS, self._look, loop)
        try:
            late = time.monotonic() + _WAIT_SECONDS
            return await loop.run_in_executor(self._thread, self._browse, work, late)
        finally:
            self._pending -= 1

    def _browse(self, work: Callable[[Tx], Awaitable[T]], late: float) -> T:
        if time.monotonic() > late:
            raise Unavailable("busy", "too many lists are waiting; try again")
        return self._browses.read(work)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        # Whoever asked may be gone, and the statement still be at work.
        goes_on = self._timed.end_if_late() or self._pending
        self._watch = loop.call_later(_LOOK_SECONDS, self._look, loop) if goes_on else None

    async def close(self) -> None:
        """Finish waiting acts and lists, and close."""
        await asyncio.to_thread(self._thread.shutdown)
        if self._watch is not None:
            self._watch.cancel()
        self._browses.run.connection.close()
        self._reads.run.connection.close()
        await self._writer.close()


class _TimedRunner(ReadRunner):
    """Runs statements in one thread, and ends from another one what takes too long.

    SQLite would ask of itself how long it has been at it, but each time that it does so it waits for the
    interpreter, which the event loop is using.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._lock = Lock()
        self._late: float | None = None

    async def rows(
        self, statement: Executable, values: Mapping[str, object]
    ) -> Sequence[sqlite3.Row]:
        self._begin()
        try:
            return await super().rows(statement, values)
        finally:
            self._end()

    async def row(self, statement: Executable, values: Mapping[str, object]) -> Row | None:
        self._begin()
        try:
            return await super().row(statement, values)
        finally:
            self._end()

    def end_if_late(self) -> bool:
        """End the statement that takes too long; say whether there is one at work."""
        # Under the lock, so that the statement that is ended is the one that took too long.
        with self._lock:
            if self._late is not None and time.monotonic() > self._late:
                self.connection.interrupt()
            return self._late is not None

    def _begin(self) -> None:
        with self._lock:
            self._late = time.monotonic() + _STATEMENT_SECONDS

    def _end(self) -> None:
        with self._lock:
            self._late = None


class _Reader:
    """A connection that only reads; one thread at a time uses it."""

    def __init__(self, run: ReadRunner) -> None:
        self.run = run
        self._tx = SQLTx(self.run, NODE)

    def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        try:
            try:
                return drive(work(self._tx))  # type: ignore[arg-type]
            finally:
                self.run.end()
        except sqlite3.Error as error:
            raise translated(error) from None
