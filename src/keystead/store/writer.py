"""The one writer of a process: acts wait in a queue, and a group of them shares one commit.

The acts of a group run one after another on the event loop's thread, each to its end under its own
savepoint (a few statements of some microseconds); only COMMIT, which waits for the disk, runs in a thread.
Meanwhile the loop reads the next requests, whose acts form the next group: no timer, no added latency.
Processes take turns by `flock` on `write.lock`; it is a queue only, the truth stays in SQLite.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from keystead.core.errors import Unavailable
from keystead.store.audit import ChainTail
from keystead.store.connection import SQLiteRunner, connect, drive, told
from keystead.store.tx import SQLTx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from keystead.audit.chain import Head
    from keystead.crypto.keyring import AuditKey
    from keystead.ports.store import Tx

    Work = Callable[[Tx], Awaitable[Any]]
    Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]

__all__ = ["LARGEST_GROUP", "GroupWriter"]

T = TypeVar("T")

LARGEST_GROUP: Final = 256

_OF_THE_ACT: Final = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)
"""What is wrong with a statement or its values; every other error is the engine's."""


class GroupWriter:
    """Runs acts in groups."""

    def __init__(self, data: Path, audit_key: AuditKey) -> None:
        """Open the writing connection of a data directory."""
        self._run = SQLiteRunner(connect(data))
        self._tail = ChainTail(self._run, audit_key)
        self._tx = SQLTx(self._run, self._tail)
        self._turn = os.open(data / "write.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._thread = ThreadPoolExecutor(1, "keystead-commit")
        self._waiting: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._draining: asyncio.Task[None] | None = None

    @property
    def statements(self) -> int:
        """How many statements ran so far; tests pin what an operation costs."""
        return self._run.statements

    async def act(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work` in the next group; return once it is durable."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def close(self) -> None:
        """Finish what waits, then close the connection."""
        while self._draining is not None:
            await asyncio.wait([self._draining])
        self._thread.shutdown()
        self._run.connection.close()
        os.close(self._turn)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                group = [
                    self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_GROUP))
                ]
                for future, value, error in await self._commit_group(group):
                    if future.cancelled():
                        continue
                    if error is None:
                        future.set_result(value)
                    else:
                        future.set_exception(error)
        finally:
            self._draining = None

    async def _commit_group(self, group: list[tuple[Work, asyncio.Future[Any]]]) -> list[Outcome]:
        loop = asyncio.get_running_loop()
        try:
            await self._take_turn(loop)
        except OSError as error:
            return _all_fail(group, error)
        try:
            outcomes = self._run_group(group)
            await loop.run_in_executor(self._thread, self._commit)
        except sqlite3.Error as error:
            self._roll_back()
            return _all_fail(group, told(error))
        except BaseException as error:  # noqa: BLE001  # every waiting act must hear of it
            self._roll_back()
            return _all_fail(group, error)
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
        return outcomes

    async def _take_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await loop.run_in_executor(self._thread, fcntl.flock, self._turn, fcntl.LOCK_EX)

    def _run_group(self, group: list[tuple[Work, asyncio.Future[Any]]]) -> list[Outcome]:
        execute = self._run.connection.execute
        execute("BEGIN IMMEDIATE")
        drive(self._tail.load())
        outcomes: list[Outcome] = []
        for work, future in group:
            before = self._tail.head
            execute("SAVEPOINT act")
            try:
                outcomes.append((future, drive(work(self._tx)), None))  # type: ignore[arg-type]
            except _OF_THE_ACT as error:
                # One statement was refused; the transaction stands.
                self._take_back(before)
                outcomes.append((future, None, error))
            except sqlite3.Error:
                # The engine itself failed; it may have rolled the whole group back.
                raise
            except Exception as error:  # noqa: BLE001  # belongs to the act's caller
                self._take_back(before)
                outcomes.append((future, None, error))
            execute("RELEASE act")
        drive(self._tail.close())
        return outcomes

    def _take_back(self, head: Head) -> None:
        self._run.connection.execute("ROLLBACK TO act")
        self._tail.rewind(head)

    def _commit(self) -> None:
        self._run.connection.execute("COMMIT")

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._run.connection.in_transaction:
                self._run.connection.execute("ROLLBACK")


def _all_fail(group: list[tuple[Work, asyncio.Future[Any]]], error: BaseException) -> list[Outcome]:
    if not isinstance(error, Unavailable):
        return [(future, None, error) for _, future in group]
    # Each caller's own: what the gate notes on it for one of them is not for the others.
    return [(future, None, Unavailable(error.code, error.detail)) for _, future in group]
