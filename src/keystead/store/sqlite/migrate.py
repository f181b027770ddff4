"""Bringing a database to this version's schema, by one process at a time."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from keystead.core.errors import Misconfigured
from keystead.store.schema.revisions import HEAD, MIGRATIONS, require_known
from keystead.store.sqlite.connection import DATABASE
from keystead.store.sqlite.counts import make_counts

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["migrate", "schema_of"]


def migrate(data: Path) -> None:
    """Bring the database of a data directory to `HEAD`; at once where it is there already.

    Raises:
        Misconfigured: a newer Keystead wrote it, or the file is no database of Keystead's.
    """
    with _turn(data):
        found = schema_of(data)
        if found is not None:
            require_known(found)
        if found != HEAD:
            _upgrade(data)
        make_counts(data)


def schema_of(data: Path) -> str | None:
    """Return the revision of a data directory's database; None where there is none yet.

    Raises:
        Misconfigured: the file is no SQLite database, or another program's.
    """
    path = data / DATABASE
    if not path.exists():
        return None
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        rows = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        ).fetchall()
        if not rows:
            _require_empty(connection)
            return None
        found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return str(found[0][0]) if found else None
    except sqlite3.DatabaseError as error:
        msg = f"{DATABASE} cannot be read as a database: {error}. Restore it from a backup."
        raise Misconfigured(msg) from None
    finally:
        connection.close()


def _require_empty(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
        msg = f"{DATABASE} is another program's database; it is left as it is. Move it away."
        raise Misconfigured(msg)


@contextmanager
def _turn(data: Path) -> Iterator[None]:
    lock = os.open(data / "migrate.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _upgrade(data: Path) -> None:
    # Imported here: Alembic costs a third of a second, and most starts find the schema up to date.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine, event  # noqa: PLC0415

    os.close(os.open(data / DATABASE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    engine = create_engine(f"sqlite:///{data / DATABASE}")

    # The driver begins transactions late, which would leave half a schema behind a failed migration.
    @event.listens_for(engine, "connect")
    def _connected(dbapi: sqlite3.Connection, _: object) -> None:
        dbapi.isolation_level = None
        dbapi.execute("PRAGMA journal_mode=WAL").fetchall()
        dbapi.execute("PRAGMA synchronous=FULL").fetchall()

    @event.listens_for(engine, "begin")
    def _began(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    try:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
    finally:
        engine.dispose()
