"""One SQLite connection, and how statements run on it."""

from __future__ import annotations

import json
import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

from keystead.core.errors import Conflict, Misconfigured, Unavailable
from keystead.store.rows.statement import Compiler

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence
    from pathlib import Path
    from typing import Any, TypeVar

    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.expression import Executable

    T = TypeVar("T")

__all__ = [
    "ASIDE",
    "DATABASE",
    "USAGE",
    "ActRunner",
    "ReadRunner",
    "SQLiteRunner",
    "connect",
    "drive",
    "put_aside",
    "translated",
    "unreadable_counts",
]

DATABASE: Final = "keystead.db"
USAGE: Final = "usage.db"

ASIDE: Final = ".moved"
"""What is added to the name of a file that was moved to another database, and stays as it was."""

_LOG: Final = logging.getLogger("keystead.store")
_BUSY_MS: Final = 5000
_SETS: Final = (list, frozenset)


class _Hinting(SQLiteCompiler):
    """Writes a hint after its table: `INDEXED BY`."""

    def get_from_hint_text(self, table: object, text: str | None) -> str | None:  # noqa: ARG002
        return text


def _dialect() -> Dialect:
    # By place: for a name the driver asks SQLite each time, and gives the interpreter away meanwhile.
    made = sqlite.dialect(paramstyle="qmark")
    made.statement_compiler = _Hinting
    return made


_COMPILER: Final = Compiler(_dialect())


def connect(data: Path, *, writes: bool = True) -> sqlite3.Connection:
    """Open the database of a data directory, with the counts attached for reading.

    The counts are attached read-only, so that BEGIN IMMEDIATE takes no lock on them.
    """
    mode = "rw" if writes else "ro"
    connection = sqlite3.connect(
        f"file:{_quoted(data / DATABASE)}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.row_factory = sqlite3.Row
    for pragma in (
        "journal_mode=WAL" if writes else "query_only=ON",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        f"busy_timeout={_BUSY_MS}",
        "cache_size=-65536",
        "mmap_size=268435456",
        "wal_autocheckpoint=4000",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    if (data / USAGE).exists():
        try:
            connection.execute("ATTACH ? AS usage", (f"file:{_quoted(data / USAGE)}?mode=ro",))
        except sqlite3.DatabaseError as error:
            connection.close()
            raise unreadable_counts(error) from None
    return connection


def put_aside(data: Path) -> tuple[Path, ...]:
    """Give the files of a data directory that is served from elsewhere now another name; return them.

    Nobody has them open. Each is whole by itself first: what stands in its log is written into it.
    """
    kept = []
    for name in (DATABASE, USAGE):
        path = data / name
        if not path.exists():
            continue
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        finally:
            connection.close()
        kept.append(path.rename(path.with_name(f"{name}{ASIDE}")))
    return tuple(kept)


def unreadable_counts(error: sqlite3.DatabaseError) -> Misconfigured:
    """Say what to do about a file of counts that is damaged."""
    return Misconfigured(
        f"{USAGE} cannot be read as a database: {error}. It holds last uses and nothing else: move it "
        "away, and the next start makes it anew."
    )


def drive(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that must not suspend, and return its result.

    Raises:
        RuntimeError: it awaited something besides its transaction; another act could then have come
            between its statements, and a rollback would have taken that act with it.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    work.close()
    msg = "an act awaited something besides its transaction"
    raise RuntimeError(msg)


def translated(error: sqlite3.Error) -> Exception:
    """Return what the engine's failure means for a caller: come again, or a fault to be looked at."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if name == "SQLITE_INTERRUPT":
        _LOG.warning("the database ended a statement: it took too long")
        return Unavailable("busy", "this took the database too long; try again, or ask for less")
    _LOG.error("the database failed: %s", name)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable("busy", "the database is busy; try again")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return Unavailable(
            "audit_full",
            "the act and its audit entry cannot be written, so it was not done: the disk is full, "
            f"read-only or failing ({name})",
        )
    return error


class SQLiteRunner:
    """`statement.Runner` on one connection; its coroutines never suspend."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Run on a connection."""
        self.connection = connection
        self.statements = 0

    async def rows(
        self, statement: Executable, values: Mapping[str, object]
    ) -> Sequence[sqlite3.Row]:
        """See `Runner`."""
        return self._execute(statement, values).fetchall()

    async def row(self, statement: Executable, values: Mapping[str, object]) -> sqlite3.Row | None:
        """See `Runner`."""
        rows = self._execute(statement, values).fetchall()
        return rows[0] if rows else None

    async def changed(self, statement: Executable, values: Mapping[str, object]) -> int:
        """See `Runner`."""
        try:
            return self._execute(statement, values).rowcount
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE":
                raise Conflict("name_taken", "another one has this name already") from None
            raise

    async def each(self, statement: Executable, values: Sequence[Mapping[str, object]]) -> None:
        """See `Runner`."""
        self.statements += 1
        compiled = _COMPILER.compiled(statement)
        self.connection.executemany(compiled.sql, map(compiled.place, values))

    def _execute(self, statement: Executable, values: Mapping[str, object]) -> sqlite3.Cursor:
        self.statements += 1
        compiled = _COMPILER.compiled(statement)
        if compiled.fixed:
            values = {**compiled.fixed, **values}
        return self.connection.execute(compiled.sql, _as_taken(compiled.place(values)))


class ReadRunner(SQLiteRunner):
    """Reads one state, which begins with the first statement: what is remembered needs none."""

    def end(self) -> None:
        """Let go of the state that was read."""
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")

    def _execute(self, statement: Executable, values: Mapping[str, object]) -> sqlite3.Cursor:
        if not self.connection.in_transaction:
            self.connection.execute("BEGIN")
        return super()._execute(statement, values)


class ActRunner(SQLiteRunner):
    """Runs acts one after another in a transaction, each to be taken back by itself.

    The savepoint is set before an act's first change: one that only reads and is entered needs none.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Run on a connection."""
        super().__init__(connection)
        self._has_changed = False

    def begin(self) -> None:
        """Begin an act."""
        self._has_changed = False

    def end(self) -> None:
        """Keep what the act changed."""
        if self._has_changed:
            self.connection.execute("RELEASE act")

    def take_back(self) -> None:
        """Undo what the act changed."""
        if self._has_changed:
            self.connection.execute("ROLLBACK TO act")
            self.connection.execute("RELEASE act")

    def _execute(self, statement: Executable, values: Mapping[str, object]) -> sqlite3.Cursor:
        if not self._has_changed and not statement.is_select:
            self.connection.execute("SAVEPOINT act")
            self._has_changed = True
        return super()._execute(statement, values)


def _as_taken(values: tuple[object, ...]) -> tuple[object, ...]:
    """Return values as SQLite takes them: sets as JSON."""
    for value in values:
        if isinstance(value, _SETS):
            return tuple([json.dumps(list(v)) if isinstance(v, _SETS) else v for v in values])
    return values


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
