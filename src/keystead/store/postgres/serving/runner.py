"""How statements run on a connection: within an act, within a read, and nothing else meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from types import coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from keystead.core.errors import Conflict
from keystead.store.postgres.serving.connection import TIMEOUT
from keystead.store.rows.statement import Compiler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator, Mapping, Sequence

    from sqlalchemy.sql.expression import Executable

    from keystead.store.rows.statement import Compiled, Row

__all__ = ["ActRunner", "PostgresRunner", "ReadRunner", "drive"]

T = TypeVar("T")

_BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_COMPILER: Final = Compiler(
    PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
)


class PostgresRunner:
    """`statement.Runner` on a connection that is handed in for each transaction."""

    def __init__(self) -> None:
        """Run on nothing yet."""
        self.connection: asyncpg.Connection = None
        self.statements = 0
        self.is_asking = False

    async def rows(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Row]:
        """See `Runner`."""
        compiled = await self._compiled(statement)
        call = self.connection.fetch(compiled.sql, *_arguments(compiled, values))
        found: list[Row] = await self._asked(call)
        return found

    async def row(self, statement: Executable, values: Mapping[str, object]) -> Row | None:
        """See `Runner`."""
        rows = await self.rows(statement, values)
        return rows[0] if rows else None

    async def changed(self, statement: Executable, values: Mapping[str, object]) -> int:
        """See `Runner`."""
        compiled = await self._compiled(statement)
        call = self.connection.execute(compiled.sql, *_arguments(compiled, values))
        try:
            status: str = await self._asked(call)
        except asyncpg.UniqueViolationError:
            raise Conflict("name_taken", "another one has this name already") from None
        return int(status.rpartition(" ")[2])

    async def each(self, statement: Executable, values: Sequence[Mapping[str, object]]) -> None:
        """See `Runner`."""
        compiled = await self._compiled(statement)
        arguments = [_arguments(compiled, each) for each in values]
        await self._asked(self.connection.executemany(compiled.sql, arguments))

    async def _compiled(self, statement: Executable) -> Compiled:
        self.statements += 1
        return _COMPILER.compiled(statement)

    async def _asked(self, call: Awaitable[T]) -> T:
        self.is_asking = True
        try:
            return await call
        finally:
            self.is_asking = False


class ActRunner(PostgresRunner):
    """Runs acts one after another in a transaction, each to be taken back by itself.

    The savepoint is set before an act's first change or its first hold on a row: one that only reads and is
    entered needs none.
    """

    def __init__(self) -> None:
        """Run on nothing yet."""
        super().__init__()
        self.can_take_back = False

    def begin(self) -> None:
        """Begin an act."""
        self.can_take_back = False

    async def end(self) -> None:
        """Keep what the act changed."""
        if self.can_take_back:
            await self.connection.execute("RELEASE SAVEPOINT act")

    async def take_back(self) -> None:
        """Undo what the act changed."""
        if self.can_take_back:
            await self.connection.execute("ROLLBACK TO SAVEPOINT act; RELEASE SAVEPOINT act")

    async def _compiled(self, statement: Executable) -> Compiled:
        compiled = await super()._compiled(statement)
        if not self.can_take_back and not (
            statement.is_select and "FOR UPDATE" not in compiled.sql
        ):
            await self._asked(self.connection.execute("SAVEPOINT act"))
            self.can_take_back = True
        return compiled


class ReadRunner(PostgresRunner):
    """Reads one state: it takes a connection of a pool and begins with the first statement."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Take no connection yet."""
        super().__init__()
        self._pool = pool

    async def end(self) -> None:
        """Give the connection back, if one was taken."""
        if self.connection is None:
            return
        is_over = False
        try:
            async with asyncio.timeout(TIMEOUT):
                await self.connection.execute("COMMIT")
            is_over = True
        except Exception:  # noqa: BLE001, S110  # nothing was written, and the connection is dropped
            pass
        finally:
            if not is_over:
                # Whoever got it next would read the old state, if this one was cancelled meanwhile.
                self.hang_up()
            await self._pool.release(self.connection)

    def hang_up(self) -> None:
        """Let nobody use this connection again."""
        if self.connection is not None:
            # One that broke has left the pool by itself, and can be told nothing any more.
            with contextlib.suppress(asyncpg.InterfaceError):
                self.connection.terminate()

    async def _compiled(self, statement: Executable) -> Compiled:
        if self.connection is None:
            self.connection = await self._asked(self._pool.acquire(timeout=TIMEOUT))
            await self._asked(self.connection.execute(_BEGIN_READING))
        return await super()._compiled(statement)


@coroutine
def drive(work: Coroutine[Any, Any, T], run: PostgresRunner) -> Generator[Any, Any, T]:
    """Run a coroutine that awaits nothing but a runner, and return its result.

    Raises:
        RuntimeError: it awaited something else; the transaction would have stood open meanwhile.
    """
    value: Any = None
    failure: BaseException | None = None
    while True:
        try:
            awaited = work.throw(failure) if failure is not None else work.send(value)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        if not run.is_asking:
            work.close()
            msg = "an act awaited something besides its transaction"
            raise RuntimeError(msg)
        value = failure = None
        try:
            value = yield awaited
        except BaseException as error:  # noqa: BLE001  # handed on to the work, whoever it is meant for
            failure = error


def _arguments(compiled: Compiled, values: Mapping[str, object]) -> list[object]:
    fixed = compiled.fixed
    found = [values[name] if name in values else fixed.get(name) for name in compiled.names]
    return [list(value) if isinstance(value, frozenset) else value for value in found]
