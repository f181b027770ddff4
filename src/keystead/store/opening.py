"""Which engine an installation has, and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.crypto.keyring import Keyring, read_master_key
from keystead.store.sqlite.engine import SQLiteEngine

if TYPE_CHECKING:
    from pathlib import Path

    from keystead.store.engine import Engine

__all__ = ["engine_of", "open_keyring"]


def engine_of(data: Path, database_url: str | None, node: int) -> Engine:
    """Return the engine of a data directory: PostgreSQL where an address is given, else the embedded one."""
    if database_url is None:
        return SQLiteEngine(data)
    # Its driver is only needed where it is used, and takes a tenth of a second.
    from keystead.store.postgres.engine import PostgresEngine  # noqa: PLC0415

    return PostgresEngine(data, database_url, node)


def open_keyring(engine: Engine, key_file: Path) -> Keyring:
    """Open the keys of an installation with its master key.

    Raises:
        Misconfigured: the master key is missing or another one's.
    """
    key_id, keys = engine.keys()
    return Keyring.open(keys, read_master_key(key_file), key_id)
