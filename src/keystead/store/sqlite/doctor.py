"""What can be wrong with the embedded database, each with a sentence that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.clock import format_instant
from keystead.core.errors import Misconfigured
from keystead.store.engine import Check
from keystead.store.examining.audit_head import KEPT_HEAD, LAST_ENTRIES, require_head
from keystead.store.examining.clock import NEWEST_ENTRY, require_clock
from keystead.store.examining.folder_tree import KEPT_FOLDERS, require_tree
from keystead.store.examining.schema import require_schema
from keystead.store.examining.signing_keys import KEPT_KEYS, NOT_YET, require_signing_keys
from keystead.store.rows.audit import NODE
from keystead.store.schema.revisions import HEAD
from keystead.store.sqlite.connection import DATABASE, connect
from keystead.store.sqlite.migrate import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keystead.core.clock import Instant
    from keystead.crypto.keyring import Keyring

__all__ = ["checks"]


def checks(data: Path, keyring: Callable[[], Keyring], at: Instant) -> tuple[Check, ...]:
    """See `Engine.checks`."""
    return (
        Check("schema", lambda: require_schema(schema_of(data), f"{DATABASE} here")),
        Check("database", lambda: _database(data)),
        Check("folders", lambda: _folders(data)),
        Check("audit head", lambda: _head(data, keyring())),
        Check("signing keys", lambda: _signing_keys(data, keyring())),
        Check("clock", lambda: _clock(data, at)),
    )


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
    return require_head(kept, last, keyring)


def _signing_keys(data: Path, keyring: Keyring) -> str:
    if schema_of(data) != HEAD:
        return NOT_YET
    connection = connect(data, writes=False)
    try:
        return require_signing_keys(connection.execute(KEPT_KEYS).fetchall(), keyring)
    finally:
        connection.close()


def _clock(data: Path, at: Instant) -> str:
    connection = connect(data, writes=False)
    try:
        newest = connection.execute(NEWEST_ENTRY).fetchall()[0][0]
    finally:
        connection.close()
    require_clock(newest, at)
    return f"{format_instant(at)}, not behind the audit"
