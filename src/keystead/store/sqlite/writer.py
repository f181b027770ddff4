"""The one writer of a process: acts wait in a queue, and a group of them shares one commit.

The acts of a group run one after another on the event loop's thread, each to its end and, once it writes,
under its own savepoint (a few statements of some microseconds); only COMMIT, which waits for the disk,
runs in a thread. Meanwhile the loop reads the next requests, whose acts form the next group.
Processes take turns by `flock` on `write.lock`; it is a queue only, the truth stays in SQLite.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from keystead.store.grouping import Act, GroupQueue, Outcome
from keystead.store.rows.audit import NODE, ChainTail
from keystead.store.rows.keyring import KeyGuard
from keystead.store.rows.tx import SQLTx
from keystead.store.sqlite.checkpoint import Checkpoints
from keystead.store.sqlite.connection import (
    DATABASE,
    ActRunner,
    SQLiteRunner,
    connect,
    drive,
    translated,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from keystead.crypto.keyring import AuditKey
    from keystead.crypto.used_keys import UsedKeys
    from keystead.ports.store import Tx

__all__ = ["GroupWriter"]

T = TypeVar("T")

_OF_THE_ACT: Final = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)
"""What is wrong with a statement or its values; every other error is the engine's."""


class GroupWriter:
    """Runs acts in groups."""

    def __init__(self, data: Path, audit_key: AuditKey, used: UsedKeys) -> None:
        """Open the writing connection of a data directory."""
        self._connection = connect(data)
        self._run = ActRunner(self._connection)
        self._tail_run = SQLiteRunner(self._connection)
        self._tail = ChainTail(self._tail_run, NODE, audit_key)
        self._guard = KeyGuard(self._tail_run, used)
        self._tx = SQLTx(self._run, NODE, self._tail)
        self._turn = os.open(data / "write.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._thread = ThreadPoolExecutor(1, "keystead-commit")
        self._checkpoints = Checkpoints(data / DATABASE)
        self._queue = GroupQueue(self._commit_group)

    @property
    def statements(self) -> int:
        """How many statements ran so far; tests pin what an operation costs."""
        return self._run.statements + self._tail_run.statements

    async def act(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work` in the next group; return once it is durable."""
        return await self._queue.act(work)

    async def close(self) -> None:
        """Finish what waits, then close the connection."""
        await self._queue.finish()
        self._thread.shutdown()
        self._checkpoints.close()
        self._connection.close()
        os.close(self._turn)

    async def _commit_group(self, group: list[Act]) -> list[Outcome]:
        loop = asyncio.get_running_loop()
        await self._take_turn(loop)
        try:
            outcomes = self._run_group(group)
            await loop.run_in_executor(self._thread, self._commit)
        except sqlite3.Error as error:
            self._roll_back()
            raise translated(error) from None
        except BaseException:
            self._roll_back()
            raise
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
        self._checkpoints.go_on()
        return outcomes

    async def _take_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await loop.run_in_executor(self._thread, fcntl.flock, self._turn, fcntl.LOCK_EX)

    def _run_group(self, group: list[Act]) -> list[Outcome]:
        self._connection.execute("BEGIN IMMEDIATE")
        self._tail.begin()
        self._guard.begin()
        outcomes = [self._run_act(act) for act in group]
        drive(self._guard.close())
        drive(self._tail.close())
        return outcomes

    def _run_act(self, act: Act) -> Outcome:
        mark = self._tail.mark
        self._run.begin()
        try:
            value: Any = drive(act.work(self._tx))  # type: ignore[arg-type]
        except _OF_THE_ACT as error:
            # One statement was refused; the transaction stands.
            found = Outcome(error=error)
        except sqlite3.Error:
            # The engine itself failed; it may have rolled the whole group back.
            raise
        except Exception as error:  # noqa: BLE001  # belongs to the act's caller
            found = Outcome(error=error)
        else:
            self._run.end()
            return Outcome(value)
        self._run.take_back()
        self._tail.rewind(mark)
        return found

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
