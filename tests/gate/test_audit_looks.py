"""A search of the audit is many short looks before its act, and what is answered was entered."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING

import pytest

from keystead.core.errors import Refused, Unavailable
from keystead.gate.visit import Visit
from keystead.operations import audit
from keystead.operations.credentials.credentials import revoke_credential
from keystead.ports.audit import AuditQuery
from keystead.store.rows.entries import FARTHEST
from keystead.store.sqlite.store import SQLiteStore
from tests.gate.houses import Home, at_home
from tests.store.records import enter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from keystead.ports.store import Tx

RARE = AuditQuery(verb="rare.act")


def tell(data: Path, story: Callable[[Home], Awaitable[None]]) -> None:
    async def run() -> None:
        async with at_home(data) as home:
            await story(home)

    asyncio.run(run())


async def fill(home: Home, looks: int) -> None:
    async def write(tx: Tx) -> None:
        await enter(tx, "rare.act")
        for _ in range(looks * FARTHEST):
            await enter(tx, "common.act")
        await enter(tx, "rare.act")

    await home.house.store.act(write)


def test_what_is_rare_is_found_by_several_looks_and_others_have_their_turn(tmp_path: Path) -> None:
    async def story(home: Home) -> None:
        await fill(home, 4)
        looked: list[str] = []

        async def search() -> None:
            page = await home.perform(audit.list_events, RARE, None, 10)
            assert len(page.entries) == 2
            looked.append("found")

        async def browse() -> None:
            for _ in range(3):
                await home.house.store.browse(lambda tx: tx.audit.chains())
                looked.append("other")

        await asyncio.gather(search(), browse())
        assert looked == ["other"] * 3 + ["found"]

    tell(tmp_path / "data", story)


def test_behind_a_cursor_a_page_may_come_to_its_end_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_MOST_LOOKS", 2)

    async def story(home: Home) -> None:
        await fill(home, 5)
        cursor: dict[int, int] = {}
        sizes = []
        for _ in range(3):
            page = await home.perform(audit.list_events, RARE, cursor, 10)
            sizes.append((len(page.entries), page.has_more))
            assert page.cursor[0] > cursor.get(0, 0)
            cursor = page.cursor
        assert sizes == [(1, True), (0, True), (1, False)]

    tell(tmp_path / "data", story)


def test_no_entry_no_answer(tmp_path: Path) -> None:
    async def story(home: Home) -> None:
        store = home.house.store
        assert isinstance(store, SQLiteStore)
        writer = store._writer._run.connection
        writer.execute("PRAGMA query_only=ON")
        with pytest.raises(Unavailable):
            await home.perform(audit.list_events, AuditQuery(), None, 10)
        writer.execute("PRAGMA query_only=OFF")
        await home.perform(audit.list_events, AuditQuery(), None, 10)
        assert len(await home.entries(verb="audit.read")) == 1

    tell(tmp_path / "data", story)


def test_who_is_revoked_while_it_is_looked_for_gets_no_answer(tmp_path: Path) -> None:
    async def story(home: Home) -> None:
        token, made = await home.issue()
        revoked = Event()

        def in_the_way(tx: Tx) -> Awaitable[object]:
            assert revoked.wait(30)
            return tx.audit.chains()

        other = asyncio.create_task(home.house.store.browse(in_the_way))
        search = asyncio.create_task(
            home.house.gate.perform(audit.list_events, Visit(home.arrival(token)), RARE, None, 10)
        )
        await asyncio.sleep(0)
        await home.perform(revoke_credential, made.id)
        revoked.set()
        with pytest.raises(Refused) as caught:
            await search
        assert caught.value.code == "credential_revoked"
        await other

    tell(tmp_path / "data", story)
