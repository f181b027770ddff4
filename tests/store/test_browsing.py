"""What reads much on SQLite is read beside everything else, and nobody waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from keystead.core.errors import Unavailable
from keystead.gate.acts.operation import OPERATIONS, Told, operation
from keystead.store.sqlite.store import SQLiteStore
from tests.store.installations import copy_of_an_installation, open_keyring
from tests.store.records import adding_owner, make_owner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keystead.ports.store import Tx

IN_NO_STORE = {"role.list", "api.list"}
"""What these answer stands in the program, or is remembered whole."""

LONG = text(
    "WITH RECURSIVE counted(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted WHERE i < 800000)"
    " SELECT count(*) FROM counted"
)

ENDLESS = text(
    "WITH RECURSIVE counted(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted)"
    " SELECT count(*) FROM counted"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    master = copy_of_an_installation(tmp_path / "data")
    store = SQLiteStore(tmp_path / "data", open_keyring(tmp_path / "data", master).audit)
    yield store
    asyncio.run(store.close())


async def take_long(tx: Tx) -> float:
    """Read what takes a good part of a second, and not two; return when it was through."""
    run: Any = tx.owners._run  # type: ignore[attr-defined]
    await run.row(LONG, {})
    return time.monotonic()


def test_reads_and_acts_go_on_beside_a_long_list(store: SQLiteStore) -> None:
    async def run() -> None:
        browsing = asyncio.create_task(store.browse(take_long))
        await asyncio.sleep(0.02)
        owner = make_owner()
        await store.act(adding_owner(owner))
        assert await store.read(lambda tx: tx.owners.find(owner.id)) == owner
        now = time.monotonic()
        assert now < await browsing, "it was still at it"

    asyncio.run(run())


def test_a_statement_that_takes_too_long_is_ended_and_the_next_list_is_answered(
    store: SQLiteStore,
) -> None:
    async def never_end(tx: Tx) -> None:
        await tx.owners._run.row(ENDLESS, {})  # type: ignore[attr-defined]

    async def run() -> None:
        began = time.monotonic()
        endless = asyncio.create_task(store.browse(never_end))
        await asyncio.sleep(0.02)
        waiting = asyncio.create_task(store.browse(lambda tx: tx.owners.existing([])))
        with pytest.raises(Unavailable, match="busy"):
            await endless
        assert time.monotonic() - began > 1.5
        assert await waiting == frozenset()
        assert await store.browse(lambda tx: tx.owners.existing([])) == frozenset()

    asyncio.run(run())


def test_whoever_waits_too_long_for_other_lists_is_told_so(store: SQLiteStore) -> None:
    async def never_end(tx: Tx) -> None:
        await tx.owners._run.row(ENDLESS, {})  # type: ignore[attr-defined]

    async def run() -> None:
        asked = [asyncio.create_task(store.browse(never_end)) for _ in range(4)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert {getattr(each, "code", each) for each in found} == {"busy"}
        ended, waited = "this took the database too long", "too many lists are waiting"
        said = [getattr(each, "detail", "").partition(";")[0] for each in found]
        assert said[0] == ended
        assert said[-1] == waited
        assert set(said) == {ended, waited}
        # Nobody asks any longer for what is at work, and it is ended all the same.
        left = asyncio.create_task(store.browse(never_end))
        await asyncio.sleep(0.05)
        left.cancel()
        await asyncio.sleep(2.1)
        assert await store.browse(lambda tx: tx.owners.existing([])) == frozenset()

    asyncio.run(run())


def test_a_list_that_fails_says_so_and_the_next_one_is_answered(store: SQLiteStore) -> None:
    async def fail(tx: Tx) -> None:
        await tx.owners._run.row(text("SELECT nothing"), {})  # type: ignore[attr-defined]

    async def run() -> None:
        with pytest.raises(sqlite3.OperationalError):
            await store.browse(fail)
        assert await store.browse(lambda tx: tx.owners.existing([])) == frozenset()
        with pytest.raises(RuntimeError, match="besides its transaction"):
            await store.browse(lambda _: asyncio.sleep(0))
        assert await store.browse(lambda tx: tx.owners.existing([])) == frozenset()

    asyncio.run(run())


def test_every_list_browses_and_nothing_that_is_entered_does() -> None:
    lists = {name for name in OPERATIONS if name.endswith(".list")}
    browsing = {name for name, each in OPERATIONS.items() if each.browses}
    assert lists - IN_NO_STORE <= browsing
    assert all(OPERATIONS[name].told is Told.COUNTED for name in browsing)
    with pytest.raises(ValueError, match="may not browse"):
        operation("test.browse", needs=None, told=Told.ENTERED, browses=True)
