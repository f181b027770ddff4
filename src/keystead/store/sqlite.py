"""The embedded store: one SQLite file, read on the event loop's thread, written by one writer a process."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, TypeVar

from keystead.store.connection import SQLiteRunner, connect, drive, told
from keystead.store.tx import SQLTx
from keystead.store.writer import GroupWriter

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
        self._reads = SQLiteRunner(connect(data, writes=False))
        self._read_tx = SQLTx(self._reads)

    @property
    def statements(self) -> int:
        """How many statements ran so far; tests pin what an operation costs."""
        return self._writer.statements + self._reads.statements

    def answers(self) -> bool:
        """Say whether the database answers a read."""
        try:
            return bool(self._reads.connection.execute("SELECT 1 FROM generation").fetchall())
        except sqlite3.Error:
            return False

    async def act(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """See the port."""
        return await self._writer.act(work)

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """See the port; it never suspends, so no other work comes between its statements."""
        execute = self._reads.connection.execute
        try:
            execute("BEGIN")
            try:
                return drive(work(self._read_tx))  # type: ignore[arg-type]
            finally:
                execute("COMMIT")
        except sqlite3.Error as error:
            raise told(error) from None

    async def close(self) -> None:
        """Finish waiting acts and close."""
        self._reads.connection.close()
        await self._writer.close()
