"""A PostgreSQL server's database, as `main` meets it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from keystead.audit.chain import NODES, genesis
from keystead.core.errors import Misconfigured
from keystead.crypto.keyring import Keyring
from keystead.store.keys import kept_keys
from keystead.store.postgres.aside import Aside
from keystead.store.postgres.chains import ServerChains
from keystead.store.postgres.doctor import checks
from keystead.store.postgres.migrate import EMPTY, is_unfinished, migrate, require_turn, schema_of
from keystead.store.postgres.serving.connection import translated
from keystead.store.postgres.serving.counts import PostgresCounts
from keystead.store.postgres.serving.feed import PostgresFeed
from keystead.store.postgres.serving.shared import SharedGeneration
from keystead.store.postgres.serving.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from keystead.core.clock import Instant
    from keystead.crypto.keyring import AuditKey, MasterKey, WrappedKey
    from keystead.ports.keyring import KeptKeys
    from keystead.store.engine import Chains, Check

__all__ = ["PostgresDatabase", "PostgresEngine"]

_ADD_HEAD: Final = (
    "INSERT INTO audit_heads (node, n, digest, key_n, mac) VALUES ($1, $2, $3, $4, $5)"
)


class PostgresEngine:
    """`store.engine.Engine` on a server."""

    def __init__(self, data: Path, url: str, node: int) -> None:
        """Belong to a node of a server; nothing is asked yet."""
        self._data = data
        self._url = url
        self._node = node

    def schema(self) -> str | None:
        """See the port."""
        with Aside(self._url) as server:
            return schema_of(server)

    def migrate(self) -> None:
        """See the port."""
        with Aside(self._url) as server:
            migrate(server)

    @contextmanager
    def founding(
        self, organisation: str, master: MasterKey, keys: Iterable[WrappedKey], at: Instant
    ) -> Iterator[None]:
        """See the port."""
        keys = list(keys)
        with Aside(self._url) as server:
            require_turn(server)
            migrate(server)
            if is_unfinished(server):
                # Nobody has ever been shown its token; its master key went with the directory.
                server.execute(EMPTY)
            _found(server, organisation, master, keys, at)
            try:
                yield
            except BaseException:
                server.execute(EMPTY)
                raise

    def keys(self, *, settled: bool = False) -> KeptKeys:
        """See the port."""
        with Aside(self._url) as server:
            if settled:
                # The server may still be at a COMMIT whose client is gone; it holds this row until then.
                server.execute("SELECT 1 FROM installation FOR SHARE")
            server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            found = server.fetch("SELECT * FROM installation")
            rows = server.fetch("SELECT * FROM keyring")
        if not found:
            msg = "This database holds no finished installation; run keystead init."
            raise Misconfigured(msg)
        return kept_keys(dict(found[0]), map(dict, rows))

    def require_chain(self) -> None:
        """See the port."""
        with Aside(self._url) as server:
            found = server.value("SELECT 1 FROM audit_heads WHERE node = $1", self._node)
        if found is None:
            raise Misconfigured(
                f"Node {self._node} has no audit chain in this database: keystead join makes the data "
                "directory of one more node. If it had one, run keystead audit verify: it was taken away."
            )

    @contextmanager
    def joining(self, audit_key: AuditKey) -> Iterator[int]:
        """See the port."""
        with Aside(self._url) as server:
            node = _join(server, audit_key)
            try:
                yield node
            except BaseException:
                server.execute("DELETE FROM audit_heads WHERE node = $1 AND n = 0", node)
                raise

    def open(self, keyring: Keyring) -> PostgresDatabase:
        """See the port."""
        return PostgresDatabase(self._data, self._url, self._node, keyring)

    @contextmanager
    def chains(self) -> Iterator[Chains]:
        """See the port."""
        with Aside(self._url) as server:
            server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield ServerChains(server)

    def checks(self, keyring: Callable[[], Keyring], at: Instant) -> tuple[Check, ...]:
        """See the port."""
        return checks(self._url, self._node, keyring, at)


class PostgresDatabase:
    """`store.engine.Database` on a server."""

    def __init__(self, data: Path, url: str, node: int, keyring: Keyring) -> None:
        """Belong to a node; `start` connects."""
        self._url = url
        self._shared = SharedGeneration(data)
        self.store = PostgresStore(url, node, keyring, self._shared)
        self.counts = PostgresCounts(self.store)
        self._feeds: list[PostgresFeed] = []

    @property
    def statements(self) -> int:
        """See the port."""
        return self.store.statements

    def listen(self) -> PostgresFeed:
        """See the port."""
        feed = PostgresFeed(self._url, self._shared)
        self._feeds.append(feed)
        return feed

    async def start(self) -> None:
        """See the port."""
        await self.store.start()
        try:
            for feed in self._feeds:
                await feed.start()
        except Exception as error:  # noqa: BLE001  # `translated` returns what is none of its own
            raise translated(error) from None

    async def is_ready(self) -> bool:
        """See the port."""
        return await self.store.is_ready()

    async def close(self) -> None:
        """See the port."""
        await self.store.close()
        for feed in self._feeds:
            await feed.close()
        self._shared.close()


def _found(
    server: Aside, organisation: str, master: MasterKey, keys: Sequence[WrappedKey], at: Instant
) -> None:
    if server.value("SELECT 1 FROM installation") is not None:
        msg = "There is an installation in this database already; keystead join makes one more node of it."
        raise Misconfigured(msg)
    head = genesis(0)
    signed = (*head, *Keyring.open(keys, master, master.key_id).audit.sign(*head))
    server.execute("BEGIN")
    # The primary key would part two who found at once, if the turn did not.
    server.execute(
        "INSERT INTO installation (id, organisation, master_key_id, created_at, master_derivation)"
        " VALUES (1, $1, $2, $3, $4)",
        *(organisation, master.key_id, at, master.derivation),
    )
    server.many(
        "INSERT INTO keyring (purpose, n, wrapped, created_at) VALUES ($1, $2, $3, $4)",
        [(key.purpose, key.n, key.wrapped, at) for key in keys],
    )
    server.execute("INSERT INTO generation (id, n) VALUES (1, 0)")
    server.execute(_ADD_HEAD, *signed)
    server.execute("COMMIT")


def _join(server: Aside, audit_key: AuditKey) -> int:
    """Begin the chain of the next free node, for which two may ask at once."""
    server.execute("BEGIN")
    # It conflicts with itself and with whoever adds or moves a head, who waits for a moment.
    server.execute("LOCK TABLE audit_heads IN SHARE ROW EXCLUSIVE MODE")
    # A number that a chain has had is not free, though its head may be gone.
    last: int = server.value(
        "SELECT greatest((SELECT max(node) FROM audit_heads), (SELECT max(node) FROM audit_entries), -1)"
    )
    if last + 1 >= NODES:
        raise Misconfigured(f"There are {NODES} nodes, and no more numbers.")
    head = genesis(last + 1)
    server.execute(_ADD_HEAD, *head, *audit_key.sign(*head))
    server.execute("COMMIT")
    return head.node
