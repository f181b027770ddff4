"""Moving an installation from the embedded database to PostgreSQL: every row, in one transaction, compared.

What was copied is read back and compared with the source row by row before it is committed, and the audit's
chain is verified where it has come to. A crash before the commit leaves nothing behind; one after it leaves
two copies of the same, which the next run finds to be the same.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Integer

from keystead.audit.verification import Verification
from keystead.core.errors import Misconfigured
from keystead.store.postgres.aside import Aside
from keystead.store.postgres.chains import ServerChains
from keystead.store.postgres.migrate import EMPTY, is_unfinished, migrate, require_turn
from keystead.store.schema import tables
from keystead.store.sqlite.connection import connect

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Table

    from keystead.crypto.keyring import AuditKey

__all__ = ["MOVED", "Moved", "Progress", "move"]

MOVED: Final = (*tables.metadata.sorted_tables, *tables.usage_metadata.sorted_tables)
"""Every table there is."""

_AT_ONCE: Final = 5_000


class Progress(NamedTuple):
    """How far a step has come.

    Attributes:
        step: `copy` or `compare`.
        table: which one.
        done: rows so far.
        total: of so many.
    """

    step: str
    table: str
    done: int
    total: int


class Moved(NamedTuple):
    """What was moved.

    Attributes:
        rows: by table.
        entries: of the audit, whose chain was verified.
        again: it had been moved before, and was found to be the same.
    """

    rows: dict[str, int]
    entries: int
    again: bool


def move(data: Path, url: str, key: AuditKey, tell: Callable[[Progress], None]) -> Moved:
    """Copy a data directory's database to a server, whole or not at all.

    Args:
        data: whose embedded database is in this version's form, and which nobody serves.
        url: of a database that is empty or has this version's tables, empty.
        key: the installation's, which the copied chain is verified with.
        tell: is told how far it has come, a few times a second.

    Raises:
        Misconfigured: the database holds another installation; a row or the chain came over otherwise than it
            was, or cannot be kept there.
    """
    source = connect(data, writes=False)
    try:
        source.execute("BEGIN")
        with Aside(url) as server:
            require_turn(server)
            migrate(server)
            again = _is_there(source, server)
            server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            if not again:
                server.execute(EMPTY)
                for table in MOVED:
                    _copy(source, server, table, tell)
                    _go_on_counting(server, table)
            rows = {table.name: _compare(source, server, table, tell) for table in MOVED}
            entries = _verify(server, key)
            server.execute("COMMIT")
        return Moved(rows, entries, again)
    finally:
        source.close()


def _is_there(source: sqlite3.Connection, server: Aside) -> bool:
    found = server.value("SELECT organisation FROM installation")
    if found is None or is_unfinished(server):
        return False
    if found != source.execute("SELECT organisation FROM installation").fetchone()[0]:
        msg = "The database holds another installation; give this one a database of its own."
        raise Misconfigured(msg)
    return True


def _copy(
    source: sqlite3.Connection, server: Aside, table: Table, tell: Callable[[Progress], None]
) -> None:
    names = [column.name for column in table.columns]
    total, done = _count(source, table), 0
    rows = _rows(source, table)
    while batch := list(islice(rows, _AT_ONCE)):
        server.copy(table.name, names, batch)
        done += len(batch)
        tell(Progress("copy", table.name, done, total))


def _compare(
    source: sqlite3.Connection, server: Aside, table: Table, tell: Callable[[Progress], None]
) -> int:
    total, done = _count(source, table), 0
    here, there = _rows(source, table), _server_rows(server, table)
    while True:
        one, other = list(islice(here, _AT_ONCE)), list(islice(there, _AT_ONCE))
        if one != other:
            msg = (
                f"{table.name} did not come over as it was. If it was moved before, the database has been "
                "used since, and the data directory's own copy is old; else nothing was kept there."
            )
            raise Misconfigured(msg)
        if not one:
            return done
        done += len(one)
        tell(Progress("compare", table.name, done, total))


def _verify(server: Aside, key: AuditKey) -> int:
    chains = ServerChains(server)
    verification = Verification(key, cuts=chains.cuts().values())
    for chain in chains:
        while batch := list(islice(chain.entries, _AT_ONCE)):
            verification.feed(chain.node, batch)
            verification.answer(chains.digests(verification.asked()))
        verification.end(chain.node, chain.head)
    reports = verification.reports()
    if any(report.findings for report in reports):
        msg = "The audit chain is not intact; nothing was moved. Run keystead audit verify, which says where."
        raise Misconfigured(msg)
    return sum(report.entries for report in reports)


def _count(source: sqlite3.Connection, table: Table) -> int:
    return int(source.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])  # noqa: S608  # a table of ours


def _selected(table: Table) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"SELECT {names} FROM {table.name}"  # noqa: S608  # names of ours


def _order(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.primary_key)


def _rows(source: sqlite3.Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    found = source.execute(f"{_selected(table)} ORDER BY {_order(table)}")
    return (tuple(row) for row in found)


def _server_rows(server: Aside, table: Table) -> Iterator[tuple[Any, ...]]:
    """Read in the order of the primary key, batch after batch; both engines order texts by their bytes."""
    keys = [column.name for column in table.primary_key]
    places = [column.name for column in table.columns]
    last: Sequence[object] | None = None
    while True:
        where = "" if last is None else f" WHERE ({_order(table)}) > ({_numbered(keys)})"
        rows = server.fetch(
            f"{_selected(table)}{where} ORDER BY {_order(table)} LIMIT {_AT_ONCE}", *(last or ())
        )
        for row in rows:
            yield tuple(row)
        if len(rows) < _AT_ONCE:
            return
        last = [rows[-1][places.index(key)] for key in keys]


def _numbered(keys: Sequence[str]) -> str:
    return ", ".join(f"${n}" for n in range(1, len(keys) + 1))


def _go_on_counting(server: Aside, table: Table) -> None:
    """Let row numbers go on behind those that were copied."""
    for column in table.primary_key:
        if isinstance(column.type, Integer) and column.autoincrement is True:
            name = column.name
            newest = server.value(f'SELECT max("{name}") FROM {table.name}')  # noqa: S608  # names of ours
            server.value(
                "SELECT setval(pg_get_serial_sequence($1, $2), $3, $4)",
                table.name,
                name,
                newest or 1,
                newest is not None,
            )
