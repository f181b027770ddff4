"""One SQLite connection, and how statements run on it."""

from __future__ import annotations

import json
import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects import sqlite

from keystead.core.errors import Conflict, Misconfigured, Unavailable
from keystead.store.statement import Compiler

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence
    from pathlib import Path
    from typing import Any, TypeVar

    from sqlalchemy.sql.expression import Executable

    T = TypeVar("T")

__all__ = [
    "DATABASE",
    "USAGE",
    "SQLiteRunner",
    "belongs_to_statement",
    "connect",
    "drive",
    "told",
    "unreadable_counts",
]

DATABASE: Final = "keystead.db"
USAGE: Final = "usage.db"

_COMPILER: Final = Compiler(sqlite.dialect(paramstyle="named"))
_LOG: Final = logging.getLogger("keystead.store")
_STATEMENT_CODES: Final = frozenset(
    {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE}
)
_BUSY_MS: Final = 5000


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


def belongs_to_statement(error: sqlite3.Error) -> bool:
    """Say whether one statement was refused and the transaction stands, so that others go on."""
    if isinstance(error, sqlite3.IntegrityError):
        return True
    # The driver's own refusals (a value it cannot take) carry no code of the engine's.
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _STATEMENT_CODES


def told(error: sqlite3.Error) -> Exception:
    """Return what the engine's failure means for a caller: come again, or a fault to be looked at."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
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

    def _execute(self, statement: Executable, values: Mapping[str, object]) -> sqlite3.Cursor:
        self.statements += 1
        compiled = _COMPILER.compiled(statement)
        given = {**compiled.fixed, **values} if compiled.fixed else dict(values)
        for name, value in given.items():
            if isinstance(value, (list, frozenset)):
                given[name] = json.dumps(list(value))
        return self.connection.execute(compiled.sql, given)


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
