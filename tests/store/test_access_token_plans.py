"""Whatever is asked of access tokens, an index leads to it, whether there are ten or ten millions."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.dialects import sqlite

from keystead.store.rows.credentials.access_tokens import AccessTokenRows, AssertionRows
from keystead.store.rows.statement import Compiler
from keystead.store.sqlite.connection import DATABASE
from tests.store.installations import copy_of_an_installation
from tests.store.records import NOON
from tests.store.stories_access_tokens import make_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from sqlalchemy.sql.expression import Executable

TOKEN = make_token("cred_a")

ASKED: dict[str, tuple[Callable[[AccessTokenRows, AssertionRows], Awaitable[object]], str]] = {
    "mint": (lambda t, _: t.insert(TOKEN), "access_tokens_of (parent_id=?)"),
    "present": (lambda t, _: t.find_presented([(1, b"x")]), "access_tokens_digest (digest=?)"),
    "revoke": (lambda t, _: t.revoke(TOKEN, NOON), "access_tokens_digest (digest=?)"),
    "cap": (
        lambda t, _: t.end_beyond(("cred_a",), 5, NOON),
        "access_tokens_of (parent_id=? AND n<?)",
    ),
    "rotate": (lambda t, _: t.end_of_secret("cred_a", 5, NOON), "access_tokens_of (parent_id=?)"),
    "forget": (lambda t, _: t.forget(NOON, 100), "access_tokens_ends (expires_at<?)"),
    "over": (lambda _, a: a.forget(NOON, 100), "spent_assertions_ends (expires_at<?)"),
}


class Explained:
    """`statement.Runner` that finds nothing and remembers how a statement would have been run."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self.plan = ""

    async def rows(self, statement: Executable, values: Mapping[str, object]) -> list[Any]:
        compiled = Compiler(sqlite.dialect(paramstyle="named")).compiled(statement)
        given = {**compiled.fixed, "revoked_at": None, **values}
        told = self._base.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", given)
        self.plan = "\n".join(row[3] for row in told)
        return []

    async def row(self, statement: Executable, values: Mapping[str, object]) -> tuple[int] | None:
        await self.rows(statement, values)
        return (1,) if statement.is_insert else None

    async def changed(self, statement: Executable, values: Mapping[str, object]) -> int:
        await self.rows(statement, values)
        return 0


@pytest.mark.parametrize(("ask", "index"), ASKED.values(), ids=ASKED)
def test_an_index_leads_to_it(
    tmp_path: Path,
    ask: Callable[[AccessTokenRows, AssertionRows], Awaitable[object]],
    index: str,
) -> None:
    copy_of_an_installation(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE)) as base:
        run = Explained(base)
        tokens = AccessTokenRows(run, None)  # type: ignore[arg-type]

        async def asked() -> None:
            await ask(tokens, AssertionRows(run))  # type: ignore[arg-type]

        asyncio.run(asked())
    assert index in run.plan, run.plan
    assert "SCAN access_tokens" not in run.plan
    assert "SCAN spent_assertions" not in run.plan
    assert "TEMP B-TREE" not in run.plan, run.plan
