"""An installation in PostgreSQL for tests inside one process: founded, and opened by any of its nodes."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from keystead.crypto.keyring import Keyring, create_master_key, new_keyring
from keystead.settings_file import MASTER_KEY
from keystead.store.postgres.engine import PostgresEngine
from tests.store.records import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keystead.store.postgres.engine import PostgresDatabase

__all__ = ["Founded", "founded"]


class Founded(NamedTuple):
    """An installation, and the directory and address of its first node."""

    home: Path
    url: str
    engine: PostgresEngine
    keyring: Keyring

    async def open(self, node: int = 0, url: str = "") -> PostgresDatabase:
        """Open it as one more process, of the first node or of another."""
        data = self.home / str(node)
        data.mkdir(exist_ok=True)
        database = PostgresEngine(data, url or self.url, node).open(self.keyring)
        await database.start()
        return database

    def join(self) -> int:
        """Begin the chain of one more node."""
        with self.engine.joining(self.keyring.audit) as node:
            return node


class _Over(Exception):
    pass


@contextmanager
def founded(home: Path, url: str) -> Iterator[Founded]:
    """Found an installation and take it back at the end; the schema stays for the next one."""
    master = create_master_key(home / MASTER_KEY)
    keys = new_keyring(master)
    keyring = Keyring.open(keys, master, master.key_id)
    engine = PostgresEngine(home, url, 0)
    with suppress(_Over), engine.founding("org_test", master, keys, NOON):
        yield Founded(home, url, engine, keyring)
        raise _Over
