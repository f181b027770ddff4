"""Whatever the audit is asked, an index leads to it in the order wanted, however long the chains are."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from keystead.audit.chain import Place
from keystead.core.clock import Instant
from keystead.ports.audit import NEWEST, AuditQuery, Moment
from keystead.store.postgres.aside import Aside
from keystead.store.postgres.migrate import migrate
from keystead.store.rows.audit import AuditRows
from keystead.store.rows.statement import Compiled, Compiler
from keystead.store.sqlite.connection import DATABASE
from tests.store.installations import copy_of_an_installation
from tests.store.servers import own_schema, require_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Dialect
    from sqlalchemy.sql.expression import Executable

    Explain = Callable[[Compiled, Mapping[str, object]], str]
    Ask = Callable[[AuditRows], Awaitable[object]]

ENTRIES = 30_000
NODES = 3
OBJECT = "acct_0000000000A1"
CREDENTIAL = "cred_0000000000A1"

ASKED: dict[str, tuple[Ask, str]] = {
    "onwards": (lambda a: a.onwards(AuditQuery(), Moment(0, 1, 900), 50), "KEY"),
    "onwards-verb": (lambda a: a.onwards(AuditQuery(verb="x"), Moment(0, 1, 900), 50), "KEY"),
    "onwards-time": (
        lambda a: a.onwards(
            AuditQuery(after=Instant(5_000), before=Instant(9_000)), Moment(0, 1, 900), 50
        ),
        "KEY",
    ),
    "onwards-object": (
        lambda a: a.onwards(AuditQuery(object_id=OBJECT), Moment(0, 1, 9), 50),
        "object",
    ),
    "onwards-object-verb": (
        lambda a: a.onwards(AuditQuery(object_id=OBJECT, verb="x"), Moment(0, 1, 9), 50),
        "object",
    ),
    "onwards-credential": (
        lambda a: a.onwards(AuditQuery(credential_id=CREDENTIAL), Moment(0, 1, 9), 50),
        "credential",
    ),
    "backwards": (lambda a: a.backwards(AuditQuery(), Moment(0, 1, 9_900), 50), "KEY"),
    "backwards-decision": (
        lambda a: a.backwards(AuditQuery(decision="x"), Moment(0, 1, 9_900), 50),
        "KEY",
    ),
    "backwards-object": (
        lambda a: a.backwards(AuditQuery(object_id=OBJECT), Moment(0, 1, 9_900), 50),
        "object",
    ),
    "backwards-object-time": (
        lambda a: a.backwards(
            AuditQuery(object_id=OBJECT, after=Instant(5)), Moment(0, 1, 9_900), 50
        ),
        "object",
    ),
    "backwards-credential": (
        lambda a: a.backwards(AuditQuery(credential_id=CREDENTIAL), Moment(0, 1, 9_900), 50),
        "credential",
    ),
    "latest": (lambda a: a.latest(AuditQuery(), NEWEST, 50), "at"),
    "latest-on": (lambda a: a.latest(AuditQuery(), Moment(7_000, 1, 5), 50), "at"),
    "latest-owner": (lambda a: a.latest(AuditQuery(owner_id="own_1"), NEWEST, 50), "at"),
    "latest-time": (
        lambda a: a.latest(
            AuditQuery(after=Instant(5_000), before=Instant(9_000), node=1), NEWEST, 50
        ),
        "at",
    ),
    "digests": (lambda a: a.digests([Place(1, 5)]), "KEY"),
    "chains": (lambda a: a.chains(), "KEY"),
}


class Explained:
    """`statement.Runner` that finds nothing and remembers how each statement would have been run."""

    def __init__(self, dialect: Dialect, explain: Explain) -> None:
        self._dialect = dialect
        self._explain = explain
        self.plans: list[str] = []

    async def rows(self, statement: Executable, values: Mapping[str, object]) -> list[Any]:
        self.plans.append(self._explain(Compiler(self._dialect).compiled(statement), values))
        return []

    async def row(self, statement: Executable, values: Mapping[str, object]) -> None:
        await self.rows(statement, values)


def plans(dialect: Dialect, explain: Explain, ask: Ask) -> list[str]:
    run = Explained(dialect, explain)
    asyncio.run(ask(AuditRows(run, 1, None)))  # type: ignore[arg-type]
    return run.plans


@pytest.mark.parametrize(("ask", "index"), ASKED.values(), ids=ASKED)
def test_sqlite_reads_by_the_index_and_in_its_order(tmp_path: Path, ask: Ask, index: str) -> None:
    copy_of_an_installation(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE)) as base:

        def explain(compiled: Compiled, values: Mapping[str, object]) -> str:
            told = base.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", {**compiled.fixed, **values})
            return "\n".join(row[3] for row in told)

        for plan in plans(sqlite.dialect(paramstyle="named"), explain, ask):
            assert "SCAN audit_entries" not in plan, plan
            assert "ORDER BY" not in plan, plan
            name = "PRIMARY KEY" if index == "KEY" else f"INDEX audit_{index} ("
            if "audit_entries USING" in plan:
                assert name in plan or "PRIMARY KEY (node=?)" in plan, plan
        assert plan


@pytest.fixture(scope="module")
def server() -> Iterator[Aside]:
    require_server()
    with own_schema() as url, Aside(url) as server:
        migrate(server)
        server.execute(
            f"""
            INSERT INTO audit_entries
              (node, n, entry, digest, at, verb, owner_id, credential_id, object_type, object_id, decision)
            SELECT i % {NODES}, i / {NODES} + 1, '', '', i, 'verb' || i % 50, 'own_' || i % 100,
              CASE WHEN i % 4 > 0 THEN '{CREDENTIAL}' ELSE 'cred_' || i % 500 END, 'account',
              CASE WHEN i % 5 > 0 THEN '{OBJECT}' ELSE 'acct_' || i % 700 END, 'allowed'
            FROM generate_series(0, {ENTRIES - 1}) AS i
            """  # numbers of ours
        )
        server.execute("VACUUM ANALYZE audit_entries")
        yield server


@pytest.mark.postgresql
@pytest.mark.parametrize(("ask", "index"), ASKED.values(), ids=ASKED)
def test_postgresql_reads_by_the_index_and_in_its_order(
    server: Aside, ask: Ask, index: str
) -> None:
    def explain(compiled: Compiled, values: Mapping[str, object]) -> str:
        given = [values.get(name, compiled.fixed.get(name)) for name in compiled.names]
        told = server.fetch(f"EXPLAIN (COSTS OFF) {compiled.sql}", *given)
        plan = "\n".join(row[0] for row in told)
        # What a filter is applied to has an edge, and is few enough to be sorted.
        assert "Sort" not in plan or "Filter" in plan, plan
        return plan

    dialect = PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
    name = "audit_entries_pkey" if index == "KEY" else f"audit_{index}"
    for plan in plans(dialect, explain, ask):
        assert "Seq Scan on audit_entries" not in plan, plan
        used = set(
            re.findall(
                r"(?:using|Scan on) (audit_entries_pkey|audit_(?!entries|heads|cuts)\w+)", plan
            )
        )
        assert used <= {name, "audit_entries_pkey", "audit_heads_pkey"}, plan
    assert name in plan or index != "KEY", plan
