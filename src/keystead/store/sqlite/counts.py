"""The counts' own file: written from a thread, so that a flush delays nobody."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from keystead.store.rows.credentials.usage import ADD_USE
from keystead.store.schema import tables
from keystead.store.sqlite.connection import USAGE, unreadable_counts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from keystead.ports.usage import Use

__all__ = ["SQLiteCounts", "make_counts"]


def make_counts(data: Path) -> None:
    """Make the file where it is missing; losing it loses last uses and nothing else."""
    create = CreateTable(tables.last_use, if_not_exists=True)
    connection = sqlite3.connect(data / USAGE, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute(str(create.compile(dialect=sqlite.dialect())))
    except sqlite3.DatabaseError as error:
        raise unreadable_counts(error) from None
    finally:
        connection.close()
    (data / USAGE).chmod(0o600)


class SQLiteCounts:
    """`ports.usage.UsageRecords` on the counts' file."""

    def __init__(self, data: Path) -> None:
        """Open the file."""
        self._thread = ThreadPoolExecutor(1, "keystead-counts")
        self._connection = sqlite3.connect(
            data / USAGE, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA busy_timeout=5000").fetchall()
        # A crash may lose the last second's counts; they are not the audit.
        self._connection.execute("PRAGMA synchronous=NORMAL").fetchall()

    async def add(self, uses: Sequence[Use]) -> None:
        """See the port."""
        rows = [asdict(use) for use in uses]
        await asyncio.get_running_loop().run_in_executor(self._thread, self._add, rows)

    def close(self) -> None:
        """Close the file."""
        self._thread.shutdown()
        self._connection.close()

    def _add(self, rows: list[dict[str, object]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(ADD_USE, rows)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
