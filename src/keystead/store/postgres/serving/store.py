"""The store on PostgreSQL: read through a pool, written by one writer a process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from keystead.store.postgres.serving.connection import (
    COLLIDED,
    LOST,
    TIMEOUT,
    TOO_LONG,
    pool_of,
    translated,
)
from keystead.store.postgres.serving.runner import ReadRunner, drive
from keystead.store.postgres.serving.writer import GroupWriter
from keystead.store.rows.tx import SQLTx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import asyncpg

    from keystead.crypto.keyring import Keyring
    from keystead.ports.store import Tx
    from keystead.store.postgres.serving.shared import SharedGeneration

__all__ = ["PostgresStore"]

T = TypeVar("T")

_READERS: Final = 6


class PostgresStore:
    """`ports.store.Store` on a server."""

    def __init__(self, url: str, node: int, keyring: Keyring, generation: SharedGeneration) -> None:
        """Belong to a node; `start` connects."""
        self._url = url
        self._node = node
        self._writer = GroupWriter(url, node, keyring, generation)
        self.pool: asyncpg.Pool = None
        self._browsing = asyncio.Semaphore(_READERS // 2)
        self._read_statements = 0

    @property
    def statements(self) -> int:
        """How many statements ran so far; tests pin what an operation costs."""
        return self._writer.statements + self._read_statements

    async def start(self) -> None:
        """Connect.

        Raises:
            Unavailable: the server does not answer.
        """
        try:
            self.pool = await pool_of(self._url, _READERS)
        except Exception as error:  # noqa: BLE001  # `translated` returns what is none of its own
            raise translated(error) from None

    async def is_ready(self) -> bool:
        """Say whether the server answers a read."""
        try:
            async with asyncio.timeout(TIMEOUT), self.pool.acquire() as connection:
                return await connection.fetchval("SELECT n FROM generation") is not None
        except Exception:  # noqa: BLE001  # whatever it is, it is no answer
            return False

    async def act(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """See the port."""
        return await self._writer.act(work)

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """See the port; on a connection of its own, as one state.

        A connection that was found broken is no reason to refuse: the read is run again on another.
        """
        try:
            return await self._read(work)
        except (TimeoutError, *TOO_LONG) as error:
            raise translated(error) from None
        except (*LOST, *COLLIDED):
            pass
        except Exception as error:  # noqa: BLE001  # `translated` returns what is none of its own
            raise translated(error) from None
        try:
            return await self._read(work)
        except Exception as error:  # noqa: BLE001  # as above
            raise translated(error) from None

    async def _read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        run = ReadRunner(self.pool)
        try:
            return await drive(work(SQLTx(run, self._node)), run)  # type: ignore[arg-type]
        except TOO_LONG:
            raise
        except LOST:
            run.hang_up()
            raise
        finally:
            self._read_statements += run.statements
            await run.end()

    async def browse(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """See the port: lists leave half of the connections to what is quick."""
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._browsing.acquire()
        except TimeoutError as error:
            raise translated(error) from None
        try:
            return await self.read(work)
        finally:
            self._browsing.release()

    async def close(self) -> None:
        """Finish waiting acts and close."""
        await self._writer.close()
        if self.pool is None:
            return
        try:
            async with asyncio.timeout(TIMEOUT):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()
