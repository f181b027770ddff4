"""An installation's database as `main` meets it: the same calls whichever engine it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from keystead.audit.chain import Place, SignedHead, StoredEntry
    from keystead.core.clock import Instant
    from keystead.crypto.keyring import AuditKey, Keyring, MasterKey, WrappedKey
    from keystead.ports.freshness import NewsFeed
    from keystead.ports.keyring import KeptKeys
    from keystead.ports.store import Store
    from keystead.ports.usage import UsageRecords

__all__ = ["Chain", "Chains", "Check", "Database", "Engine"]


class Chain(NamedTuple):
    """One node's chain, read from one snapshot.

    Attributes:
        head: as it was signed; None where the database has lost it.
        entries: every entry, in order.
    """

    node: int
    head: SignedHead | None
    entries: Iterator[StoredEntry]


class Chains(Protocol):
    """Every node's chain, read from one snapshot; each is to be read before the next is asked for."""

    def cuts(self) -> Mapping[int, SignedHead]:
        """Return of each chain that retention has cut the last entry that is gone, signed as a cut."""

    def __iter__(self) -> Iterator[Chain]:
        """Read the chains, by node."""

    def digests(self, places: Iterable[Place]) -> Mapping[Place, bytes]:
        """Return the digest of each of these entries that is there; also between two entries of a chain."""


class Check(NamedTuple):
    """One thing that an operator may ask.

    Attributes:
        look: returns a sentence on what was found, or raises `Misconfigured` with one on what is wrong.
    """

    name: str
    look: Callable[[], str]


class Database(Protocol):
    """A database that serves: what one process holds open."""

    @property
    def store(self) -> Store:
        """Where acts and reads go."""

    @property
    def counts(self) -> UsageRecords:
        """Where uses are counted."""

    @property
    def statements(self) -> int:
        """How many statements ran so far; tests pin what an operation costs."""

    def listen(self) -> NewsFeed:
        """Return this process's ear."""

    async def start(self) -> None:
        """Connect, before anything else is asked.

        Raises:
            Unavailable: it does not answer.
        """

    async def is_ready(self) -> bool:
        """Say whether a read is answered now."""

    async def close(self) -> None:
        """Finish waiting acts and close."""


class Engine(Protocol):
    """One installation's database. Every call blocks until it is done."""

    def schema(self) -> str | None:
        """Return the schema's revision; None where there is none yet.

        Raises:
            Misconfigured: it cannot be read, or is another program's.
        """

    def migrate(self) -> None:
        """Bring the schema to this version's form, one process at a time.

        Raises:
            Misconfigured: a newer Keystead wrote it, or it is another program's.
        """

    def founding(
        self, organisation: str, master: MasterKey, keys: Iterable[WrappedKey], at: Instant
    ) -> AbstractContextManager[None]:
        """Make the schema and the rows that every installation has; what fails inside takes them back.

        Raises:
            Misconfigured: there is an installation already, or another program's tables.
        """

    def keys(self, *, settled: bool = False) -> KeptKeys:
        """Return the keys, and which master key wraps them; also of a database in an older form.

        One that is to be `settled` waits for a transaction whose end nobody has heard of.

        Raises:
            Misconfigured: there is no installation.
        """

    def require_chain(self) -> None:
        """Refuse a node that has no audit chain.

        None is begun at a start: a chain that was taken away would look like a new one.

        Raises:
            Misconfigured: it has none.
        """

    def joining(self, audit_key: AuditKey) -> AbstractContextManager[int]:
        """Begin the chain of one more node and hand out its number; what fails inside takes it back.

        Raises:
            Misconfigured: this engine has one node.
        """

    def open(self, keyring: Keyring) -> Database:
        """Return the database for a process that serves; see `Database.start`."""

    def chains(self) -> AbstractContextManager[Chains]:
        """Return every node's chain, to be read from one snapshot."""

    def checks(self, keyring: Callable[[], Keyring], at: Instant) -> tuple[Check, ...]:
        """Return what can be examined of the database, `keyring` to be asked only where it is needed."""
