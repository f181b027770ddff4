"""The counts' own file: written from a thread, so that a flush delays nobody."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects import sqlite

from keystead.store.counting import KEPT, Used, lasts, minutes, rolled
from keystead.store.schema.usage_tables import made_if_missing
from keystead.store.sqlite.connection import USAGE, unreadable_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from keystead.core.clock import Instant
    from keystead.ports.usage import Use

__all__ = ["SQLiteCounts", "make_counts"]

_ADD_LAST: Final = """
INSERT INTO last_use (credential_id, secret_n, at, address, agent, uses) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (credential_id, secret_n) DO UPDATE SET
  uses = uses + excluded.uses,
  address = CASE WHEN excluded.at >= at THEN excluded.address ELSE address END,
  agent = CASE WHEN excluded.at >= at THEN excluded.agent ELSE agent END,
  at = max(at, excluded.at)
"""
"""Adds a count and moves the last use forward, never back: two processes flush in any order."""

_ADD_USED: Final = """
INSERT INTO used_in
  (credential_id, start, length, api, outcome, uses, first_at, last_at, address, agent)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (credential_id, start, length, api, outcome) DO UPDATE SET
  uses = uses + excluded.uses,
  first_at = min(first_at, excluded.first_at),
  address = CASE WHEN excluded.last_at >= last_at THEN excluded.address ELSE address END,
  agent = CASE WHEN excluded.last_at >= last_at THEN excluded.agent ELSE agent END,
  last_at = max(last_at, excluded.last_at)
"""
_OLD: Final = """
SELECT credential_id, start, length, api, outcome, uses, first_at, last_at, address, agent
FROM used_in WHERE length = ? AND start < ? ORDER BY start LIMIT ?
"""
_DROP: Final = """
DELETE FROM used_in
WHERE credential_id = ? AND start = ? AND length = ? AND api = ? AND outcome = ?
"""


def make_counts(data: Path) -> None:
    """Make the file where it is missing; losing it loses what is counted and nothing else."""
    connection = sqlite3.connect(data / USAGE, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        for statement in made_if_missing(sqlite.dialect()):
            connection.execute(statement)
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
        await asyncio.get_running_loop().run_in_executor(self._thread, self._add, uses)

    async def roll(self, at: Instant, size: int) -> int:
        """See the port."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._roll, at, size)

    def close(self) -> None:
        """Close the file."""
        self._thread.shutdown()
        self._connection.close()

    def _add(self, uses: Sequence[Use]) -> None:
        with self._writing():
            self._connection.executemany(_ADD_LAST, lasts(uses))
            self._connection.executemany(_ADD_USED, minutes(uses))

    def _roll(self, at: Instant, size: int) -> int:
        done = 0
        with self._writing():
            for length, age, longer in KEPT:
                asked = length, at - age, size - done
                old = [Used(*row) for row in self._connection.execute(_OLD, asked)]
                self._connection.executemany(_ADD_USED, rolled(old, longer))
                self._connection.executemany(_DROP, [row.key for row in old])
                done += len(old)
        return done

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
