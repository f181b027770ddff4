"""The embedded database of a data directory, as `main` meets it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from keystead.audit.chain import SearchColumns
from keystead.core.errors import Misconfigured
from keystead.store.engine import Chain
from keystead.store.keys import kept_keys
from keystead.store.rows.entries import CUTS, HEADS, entry_from, heads_from
from keystead.store.sqlite.connection import connect
from keystead.store.sqlite.counts import SQLiteCounts
from keystead.store.sqlite.doctor import checks
from keystead.store.sqlite.feed import SQLiteFeed
from keystead.store.sqlite.installation import found_installation
from keystead.store.sqlite.migrate import migrate, schema_of
from keystead.store.sqlite.store import SQLiteStore

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from keystead.audit.chain import Place, SignedHead
    from keystead.core.clock import Instant
    from keystead.crypto.keyring import AuditKey, Keyring, MasterKey, WrappedKey
    from keystead.ports.keyring import KeptKeys
    from keystead.store.engine import Chains, Check

__all__ = ["SQLiteDatabase", "SQLiteEngine"]

_COLUMNS = ", ".join(SearchColumns._fields)


class SQLiteEngine:
    """`store.engine.Engine` on a data directory."""

    def __init__(self, data: Path) -> None:
        """Belong to a data directory; nothing is opened yet."""
        self._data = data

    def schema(self) -> str | None:
        """See the port."""
        return schema_of(self._data)

    def migrate(self) -> None:
        """See the port."""
        migrate(self._data)

    @contextmanager
    def founding(
        self, organisation: str, master: MasterKey, keys: Iterable[WrappedKey], at: Instant
    ) -> Iterator[None]:
        """See the port; whoever founds throws the whole directory away where he fails."""
        migrate(self._data)
        found_installation(self._data, organisation, master, keys, at)
        yield

    def keys(self, *, settled: bool = False) -> KeptKeys:
        """See the port: a transaction ends with its process, and is taken back."""
        del settled
        connection = connect(self._data, writes=False)
        try:
            connection.execute("BEGIN")
            found = connection.execute("SELECT * FROM installation").fetchall()
            rows = connection.execute("SELECT * FROM keyring").fetchall()
        finally:
            connection.close()
        if not found:
            msg = "This data directory holds no finished installation; run keystead init."
            raise Misconfigured(msg)
        return kept_keys(dict(found[0]), map(dict, rows))

    def require_chain(self) -> None:
        """See the port: a head that is missing is found by the first act, and by `verify`."""

    def joining(self, audit_key: AuditKey) -> AbstractContextManager[int]:  # noqa: ARG002  # the port's
        """See the port."""
        raise Misconfigured(
            "The embedded database has one node; keystead migrate-store moves an installation to PostgreSQL."
        )

    def open(self, keyring: Keyring) -> SQLiteDatabase:
        """See the port."""
        return SQLiteDatabase(self._data, keyring)

    @contextmanager
    def chains(self) -> Iterator[Chains]:
        """See the port."""
        connection = connect(self._data, writes=False)
        try:
            # An edited text may be no UTF-8; it is a finding then, not an end of reading.
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            connection.execute("BEGIN")
            yield _Chains(connection)
        finally:
            connection.close()

    def checks(self, keyring: Callable[[], Keyring], at: Instant) -> tuple[Check, ...]:
        """See the port."""
        return checks(self._data, keyring, at)


class SQLiteDatabase:
    """`store.engine.Database` on a data directory."""

    def __init__(self, data: Path, keyring: Keyring) -> None:
        """Open the files."""
        self._data = data
        self.store = SQLiteStore(data, keyring.audit, keyring.used)
        self.counts = SQLiteCounts(data)
        self._feeds: list[SQLiteFeed] = []

    @property
    def statements(self) -> int:
        """See the port."""
        return self.store.statements

    def listen(self) -> SQLiteFeed:
        """See the port."""
        feed = SQLiteFeed(self._data)
        self._feeds.append(feed)
        return feed

    async def start(self) -> None:
        """See the port: the files are open."""

    async def is_ready(self) -> bool:
        """See the port."""
        return self.store.is_ready()

    async def close(self) -> None:
        """See the port."""
        await self.store.close()
        for feed in self._feeds:
            feed.close()
        self.counts.close()


class _Chains:
    """`store.engine.Chains` on a connection that has begun to read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __iter__(self) -> Iterator[Chain]:
        return _chains(self._connection)

    def cuts(self) -> dict[int, SignedHead]:
        return heads_from(self._connection.execute(CUTS))

    def digests(self, places: Iterable[Place]) -> dict[Place, bytes]:
        found: dict[Place, bytes] = {}
        for place in places:
            rows = self._connection.execute(
                "SELECT digest FROM audit_entries WHERE node = ? AND n = ?", place
            ).fetchall()
            found.update((place, row[0]) for row in rows)
        return found


def _chains(connection: sqlite3.Connection) -> Iterator[Chain]:
    signed = heads_from(connection.execute(HEADS))
    found = connection.execute("SELECT DISTINCT node FROM audit_entries").fetchall()
    # The one node's chain is reported even where nothing is left of it.
    nodes = {0, *signed, *(row[0] for row in found)}
    for node in sorted(node for node in nodes if isinstance(node, int)):
        rows = connection.execute(
            f"SELECT node, n, entry, digest, {_COLUMNS} FROM audit_entries"  # noqa: S608  # field names of ours
            " WHERE node = ? ORDER BY n",
            (node,),
        )
        yield Chain(node, signed.get(node), map(entry_from, rows))
