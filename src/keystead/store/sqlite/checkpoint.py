"""Copying what was committed from the log into the database's file, beside the commits.

SQLite does so within a commit once the log is long (`wal_autocheckpoint`), and whoever waits for that commit
waits for thousands of pages too: 40 ms and more. Here it is done a little at a time, by a connection of its
own; what a commit still finds to do is what came since.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Checkpoints"]

_LOG: Final = logging.getLogger("keystead")

_LEAST: Final = 0.03
"""Seconds between two: a page that is written again and again is copied once for all of that."""


class Checkpoints:
    """Of one process; others that are at it at the same time are left to it."""

    def __init__(self, database: Path) -> None:
        """Open a connection of its own; the database is in its final form."""
        self._connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._thread = ThreadPoolExecutor(1, "keystead-checkpoint")
        self._free = Lock()
        self._next = 0.0
        self._has_failed = False

    def go_on(self) -> None:
        """Copy what is there, unless that is being done; called after each commit, and does not wait."""
        if time.monotonic() < self._next or not self._free.acquire(blocking=False):
            return
        try:
            self._thread.submit(self._copy)
        except RuntimeError as error:
            # No thread could be started. What was committed is durable all the same.
            self._free.release()
            self._warn(error)

    def close(self) -> None:
        """Finish, and close."""
        self._thread.shutdown()
        self._connection.close()

    def _copy(self) -> None:
        begun = time.monotonic()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._has_failed = False
        except sqlite3.Error as error:
            # A commit does it, or fails of the same and says so to whoever waits.
            self._warn(error)
        finally:
            now = time.monotonic()
            # The disk is the commits' for as long as it was shared with this.
            self._next = now + max(_LEAST, now - begun)
            self._free.release()

    def _warn(self, error: Exception) -> None:
        if not self._has_failed:
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            _LOG.warning("the log could not be copied into the database: %s", name)
        self._has_failed = True
