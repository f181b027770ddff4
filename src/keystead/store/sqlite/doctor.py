"""What can be wrong with the embedded database, each with a sentence that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.clock import MINUTE, format_instant
from keystead.core.errors import Misconfigured
from keystead.store.engine import Check
from keystead.store.head import KEPT_HEAD, LAST_ENTRIES, require_head
from keystead.store.rows.audit import NODE
from keystead.store.schema.revisions import HEAD, form_of
from keystead.store.signing import KEPT_KEYS, NOT_YET, require_whole
from keystead.store.sqlite.connection import DATABASE, connect
from keystead.store.sqlite.migrate import schema_of
from keystead.store.tree import KEPT_FOLDERS, require_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keystead.core.clock import Instant
    from keystead.crypto.keyring import Keyring

__all__ = ["checks"]


def checks(data: Path, keyring: Callable[[], Keyring], at: Instant) -> tuple[Check, ...]:
    """See `Engine.checks`."""
    return (
        Check("schema", lambda: _schema(data)),
        Check("database", lambda: _database(data)),
        Check("folders", lambda: _folders(data)),
        Check("audit head", lambda: _head(data, keyring())),
        Check("signing keys", lambda: _signing_keys(data, keyring())),
        Check("clock", lambda: _clock(data, at)),
    )


def _schema(data: Path) -> str:
    found = schema_of(data)
    if found is None:
        raise Misconfigured(f"there is no {DATABASE} here; run keystead init.")
    return form_of(found)


def _database(data: Path) -> str:
    connection = connect(data, writes=False)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchall()[0][0]
    finally:
        connection.close()
    if found != "ok":
        raise Misconfigured(f"the file is damaged ({found}); restore it from a backup.")
    return "readable and whole"


def _folders(data: Path) -> str:
    connection = connect(data, writes=False)
    try:
        return require_tree(connection.execute(KEPT_FOLDERS).fetchall())
    finally:
        connection.close()


def _head(data: Path, keyring: Keyring) -> str:
    connection = connect(data, writes=False)
    try:
        connection.execute("BEGIN")
        kept = connection.execute(KEPT_HEAD.format(node="?"), (NODE,)).fetchall()
        last = connection.execute(LAST_ENTRIES.format(node="?"), (NODE,)).fetchall()
    finally:
        connection.close()
    return f"{require_head(kept, last, keyring).n} entries, the head is signed"


def _signing_keys(data: Path, keyring: Keyring) -> str:
    if schema_of(data) != HEAD:
        return NOT_YET
    connection = connect(data, writes=False)
    try:
        return require_whole(connection.execute(KEPT_KEYS).fetchall(), keyring)
    finally:
        connection.close()


def _clock(data: Path, at: Instant) -> str:
    connection = connect(data, writes=False)
    try:
        newest = connection.execute("SELECT max(at) FROM audit_entries").fetchall()[0][0]
    finally:
        connection.close()
    if newest is not None and newest > at + MINUTE:
        raise Misconfigured(
            f"the newest audit entry is of {format_instant(newest)}, later than now "
            f"({format_instant(at)}): the clock went back, and what has expired may be good again."
        )
    return f"{format_instant(at)}, not behind the audit"
