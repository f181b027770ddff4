"""The one writer of a process: acts wait in a queue, and a group of them shares one commit.

Acts run one after another on one connection, each under its own savepoint once it writes or holds a row.
Writers of other processes and nodes work beside it; what they may not do at once, row locks and conditional
statements part. An act that waits in vain for a row is taken back alone, and in its group no other one waits.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg

from keystead.core.errors import Unavailable
from keystead.store.grouping import Act, GroupQueue, Outcome
from keystead.store.postgres.serving.connection import (
    COLLIDED,
    LOST,
    TIMEOUT,
    TOO_LONG,
    concerns_all,
    connect,
    translated,
)
from keystead.store.postgres.serving.runner import ActRunner, PostgresRunner, drive
from keystead.store.rows.audit import ChainTail
from keystead.store.rows.keyring import KeyGuard
from keystead.store.rows.tx import SQLTx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.crypto.keyring import Keyring
    from keystead.ports.store import Tx
    from keystead.store.postgres.serving.shared import SharedGeneration

__all__ = ["CHANNEL", "GroupWriter"]

T = TypeVar("T")

_UNTOLD: Final = (*LOST, asyncpg.InterfaceError)
"""Said of a COMMIT, these leave open whether it was done; any other error says that it was not."""

CHANNEL: Final = "keystead_generation"
"""Whoever hears it looks at the generation itself; it carries nothing."""

_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_TRIES: Final = 3
_FILLING_SECONDS: Final = 1.0
"""After which a group takes up no further act; they go into the next one."""

_PATIENCE: Final = 3.0
"""After which an act that still waits for its turn is not begun: whoever asked is to hear something."""


class GroupWriter:
    """Runs acts in groups."""

    def __init__(self, url: str, node: int, keyring: Keyring, generation: SharedGeneration) -> None:
        """Belong to a node; connect at the first act."""
        self._url = url
        self._generation = generation
        self._connection: asyncpg.Connection = None
        self._run = ActRunner()
        self._tail_run = PostgresRunner()
        self._tail = ChainTail(self._tail_run, node, keyring.audit)
        self._guard = KeyGuard(self._tail_run, keyring.used)
        self._tx = SQLTx(self._run, node, self._tail)
        self._queue = GroupQueue(self._commit_group, _PATIENCE)

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
        if self._connection is not None and not self._connection.is_closed():
            with contextlib.suppress(*LOST):
                await self._connection.close(timeout=TIMEOUT)

    async def _commit_group(self, group: list[Act]) -> list[Outcome]:
        tries = _TRIES
        while True:
            tries -= 1
            try:
                return await self._try(group)
            except COLLIDED as error:
                # A group is asked for again one by one.
                if len(group) > 1:
                    raise
                if not tries:
                    raise translated(error) from None
            except _BrokenBefore as broken:
                # Its COMMIT was never sent, so nothing of it was kept.
                if not tries:
                    raise translated(broken.error) from None

    async def _try(self, group: list[Act]) -> list[Outcome]:
        try:
            await self._require_connection()
            await self._connection.execute(_BEGIN)
            outcomes = await self._run_group(group)
        except BaseException as error:  # `translated` returns what is none of its own
            await self._roll_back(error)
            if isinstance(error, COLLIDED) or (isinstance(error, TOO_LONG) and len(group) > 1):
                raise
            if isinstance(error, LOST) and not isinstance(error, (OSError, *TOO_LONG)):
                raise _BrokenBefore(error) from None
            raise translated(error) from None
        await self._commit()
        # Before anybody is answered: the node's other processes look at this before each use.
        if self._tx.generation.raised:
            self._generation.raise_to(self._tx.generation.raised)
        return outcomes

    async def _commit(self) -> None:
        try:
            status = await self._connection.execute("COMMIT")
        except BaseException as error:  # as above
            await self._roll_back(error)
            if isinstance(error, COLLIDED):
                raise
            if isinstance(error, _UNTOLD) and not isinstance(error, TOO_LONG):
                raise Unavailable(
                    "busy",
                    "the database's answer was lost; look whether it was done before you ask again",
                ) from None
            raise translated(error) from None
        if status != "COMMIT":
            # So it answers where a statement had failed and nobody had said so.
            raise RuntimeError("the database rolled a transaction back that nobody gave up")

    async def _require_connection(self) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
            self._run.connection = self._tail_run.connection = self._connection

    async def _run_group(self, group: list[Act]) -> list[Outcome]:
        """Return the outcomes, of the first acts alone where time ran out."""
        self._tail.begin()
        self._guard.begin()
        self._tx.generation.raised = 0
        self._waits = True
        outcomes: list[Outcome] = []
        begun = time.monotonic()
        for act in group:
            waited = self._waits
            outcomes.append(await self._run_act(act))
            if waited and not self._waits:
                begun = time.monotonic()
            if time.monotonic() > begun + _FILLING_SECONDS:
                break
        await self._end_group()
        return outcomes

    async def _end_group(self) -> None:
        if not self._waits:
            # The chain's end is another matter: who holds it is about to commit.
            await self._connection.execute("SET LOCAL lock_timeout TO DEFAULT")
        try:
            await self._guard.close()
            await self._tail.close()
        except TOO_LONG as error:
            raise translated(error) from None
        if self._tx.generation.raised:
            await self._connection.execute(f"NOTIFY {CHANNEL}")

    async def _run_act(self, act: Act) -> Outcome:
        mark, raised = self._tail.mark, self._tx.generation.raised
        self._run.begin()
        found: Outcome
        try:
            value: Any = await drive(act.work(self._tx), self._run)  # type: ignore[arg-type]
        except asyncpg.PostgresError as error:
            # Without a savepoint there is nothing to go back to.
            if isinstance(error, COLLIDED) or concerns_all(error) or not self._run.can_take_back:
                raise
            found = Outcome(error=translated(error))
            in_vain = isinstance(error, asyncpg.LockNotAvailableError)
        except Exception as error:  # belongs to the act's caller
            if isinstance(error, LOST) or self._connection.is_closed():
                raise
            found, in_vain = Outcome(error=error), False
        else:
            await self._run.end()
            return Outcome(value)
        await self._run.take_back()
        self._tail.rewind(mark)
        self._tx.generation.raised = raised
        if in_vain and self._waits:
            # One of a group has waited long enough for all of them.
            self._waits = False
            await self._connection.execute("SET LOCAL lock_timeout = 1")
        return found

    async def _roll_back(self, why: BaseException | None = None) -> None:
        connection = self._connection
        if connection is None or connection.is_closed():
            return
        if not concerns_all(why):
            with contextlib.suppress(Exception):
                await connection.execute("ROLLBACK")
                return
        connection.terminate()


class _BrokenBefore(Exception):
    """The connection broke before COMMIT."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error: Final = error
