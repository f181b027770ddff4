"""One connection for calls that block: the command line's, and a start's."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, Self, TypeVar

import asyncpg

from keystead.core.errors import Misconfigured
from keystead.store.postgres.loop import LoopThread
from keystead.store.postgres.serving.connection import TIMEOUT, connect_aside
from keystead.store.postgres.words import sentence_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Coroutine, Iterable, Sequence
    from types import TracebackType
    from typing import Any

__all__ = ["Aside", "ServerFailed"]

T = TypeVar("T")


class ServerFailed(Misconfigured):
    """The server does not answer, lets nobody in, or refuses a statement.

    Attributes:
        error: the driver's own.
    """

    def __init__(self, error: BaseException, url: str) -> None:
        """Say it in words that an operator can act on."""
        super().__init__(sentence_of(error, url))
        self.error: Final = error


class Aside:
    """One connection, asked by blocking calls; in a `with`. Every call raises `ServerFailed`."""

    def __init__(self, url: str) -> None:
        """Belong to a server."""
        self._url = url
        self._connection: asyncpg.Connection = None

    def fetch(self, sql: str, *arguments: object) -> list[Any]:
        """Return every row."""
        return self._run(self._connection.fetch(sql, *arguments))

    def value(self, sql: str, *arguments: object) -> Any:  # noqa: ANN401  # whatever stands there
        """Return the first row's first value; None where there is none."""
        return self._run(self._connection.fetchval(sql, *arguments))

    def execute(self, sql: str, *arguments: object) -> None:
        """Run one statement, or a script without arguments."""
        self._run(self._connection.execute(sql, *arguments))

    def many(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        """Run one statement for each row."""
        self._run(self._connection.executemany(sql, rows))

    def copy(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]] | AsyncIterable[Sequence[object]],
    ) -> None:
        """Add many rows to a table at once (COPY)."""
        self._run(self._connection.copy_records_to_table(table, records=rows, columns=columns))

    def roll_back(self) -> None:
        """End a transaction without its changes, whatever state it is in."""
        with contextlib.suppress(ServerFailed):
            self.execute("ROLLBACK")

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run(work)
        except (
            OSError,
            TimeoutError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ) as error:
            raise ServerFailed(error, self._url) from None

    def __enter__(self) -> Self:
        """Connect."""
        self._loop = LoopThread()
        try:
            self._connection = self._run(connect_aside(self._url))
        except BaseException:
            self._loop.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        with contextlib.suppress(ServerFailed):
            self._run(self._connection.close(timeout=TIMEOUT))
        self._loop.close()
