"""What the organisation does not keep any longer is cut off the audit by the house, and deleted."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from keystead.audit.chain import decode_checkpoint
from keystead.audit.cuts import CUT
from keystead.audit.entry import decode_entry
from keystead.core.clock import DAY, later
from keystead.gate import ended
from keystead.operations import cuts
from keystead.operations.settings import edit_settings
from keystead.store.chains import newest_checkpoints, verify_chains
from keystead.store.sqlite.connection import DATABASE
from keystead.store.sqlite.engine import SQLiteEngine
from tests.gate.houses import Home, at_home, at_home_on_postgresql
from tests.store.servers import require_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from keystead.audit.findings import Report


def tell(home: Path, story: Callable[[Home], Awaitable[None]], opened: Any = at_home) -> None:  # noqa: ANN401
    async def run() -> None:
        async with opened(home / "data") as found:
            await story(found)

    asyncio.run(run())


async def keep(home: Home, days: int | None) -> None:
    await home.perform(edit_settings, {"audit_retention_days": days})


async def work(home: Home, times: int = 5) -> None:
    for _ in range(times):
        await home.issue()


async def numbers(home: Home) -> list[int]:
    return [entry.n for entry in await home.entries()]


async def tend(home: Home) -> None:
    await home.house.upkeep.cut()
    await home.house.upkeep.forget_ended()


def report_of(home: Home) -> Report:
    return verify_chains(SQLiteEngine(home.data), home.house.keyring.audit)[0]


def sql(home: Home, statement: str) -> None:
    with closing(sqlite3.connect(home.data / DATABASE)) as base, base:
        base.execute(statement)


@pytest.mark.parametrize(
    "opened", [at_home, pytest.param(at_home_on_postgresql, marks=pytest.mark.postgresql)]
)
def test_what_is_older_than_is_kept_goes_by_an_entered_act(tmp_path: Path, opened: Any) -> None:  # noqa: ANN401
    if opened is at_home_on_postgresql:
        require_server()

    async def story(home: Home) -> None:
        await work(home)
        old = await numbers(home)
        home.clock.go_on(20 * DAY)
        await work(home)
        await tend(home)
        assert (await numbers(home))[0] == 1, "everything is kept until somebody says otherwise"
        await keep(home, 30)
        home.clock.go_on(11 * DAY)
        young = await numbers(home)
        await tend(home)
        found = await home.entries()
        assert [entry.n for entry in found] == [*young[len(old) :], young[-1] + 1]
        _, _, event = decode_entry(found[-1].bytes)
        assert (event.verb, event.decision, event.actor.kind) == (CUT, "allowed", "system")
        assert event.facts is not None
        checkpoint = decode_checkpoint(str(event.facts["checkpoint"]))
        assert (checkpoint.n, event.facts["through"], event.facts["days"]) == (old[-1], old[-1], 30)
        assert home.house.keyring.audit.check(*checkpoint)
        for _ in range(3):
            await tend(home)
        assert len(await home.entries()) == len(found), (
            "nothing more is due, and nothing is entered"
        )

    tell(tmp_path, story, opened)


def test_a_chain_is_whole_wherever_the_deleting_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended, "_ROWS", 2)
    monkeypatch.setattr(ended, "_ACTS", 1)

    async def story(home: Home) -> None:
        await keep(home, 30)
        await work(home)
        home.clock.go_on(32 * DAY)
        older = newest_checkpoints(SQLiteEngine(home.data))
        await home.house.upkeep.cut()
        ends = 0
        while await home.house.upkeep.forget_ended():
            report = report_of(home)
            assert report.findings == ()
            assert report.begins > 1
            assert report.entries == 2, "the newest, and what says that the others are gone"
            ends += 1
        assert ends > 2
        assert len(await home.entries()) == 2
        kept = [head for head in older if head]
        again = verify_chains(SQLiteEngine(home.data), home.house.keyring.audit, kept)[0]
        assert (again.findings, again.notes) == ((), ()), "the newest entry's is compared still"

    tell(tmp_path, story)


def test_an_idle_house_cuts_once_a_day_and_keeps_its_newest_entry(tmp_path: Path) -> None:
    async def story(home: Home) -> None:
        await keep(home, 30)
        last = (await numbers(home))[-1]
        home.clock.go_on(100 * DAY)
        await home.house.upkeep.cut()
        assert (await numbers(home))[-2:] == [last, last + 1]
        assert report_of(home).begins == last
        for _ in range(3):
            await tend(home)
        assert await numbers(home) == [last + 1, last + 2]
        for _ in range(5):
            home.clock.go_on(DAY)
            await tend(home)
            assert len(await home.entries()) == 2, "nothing more is old enough"
        assert report_of(home).intact

    tell(tmp_path, story)


def test_more_than_one_act_may_read_goes_at_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuts, "_FEW", 2)
    monkeypatch.setattr(cuts, "_MOST_LOOKS", 2)

    async def story(home: Home) -> None:
        await keep(home, 30)
        home.clock.go_on(32 * DAY)
        await work(home, 1)
        begins = []
        for _ in range(4):
            await tend(home)
            begins.append((await numbers(home))[0])
            assert report_of(home).intact
        assert begins == sorted(begins)
        assert len(set(begins)) > 1
        assert await home.entries(verb="credential.create"), "what is young is there"

    tell(tmp_path, story)


def test_what_was_edited_is_not_cut_and_stays_to_be_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(home: Home) -> None:
        await keep(home, 30)
        home.clock.go_on(40 * DAY)
        await work(home, 1)
        sql(home, "UPDATE audit_entries SET owner_id = 'own_other' WHERE n = 3")
        before = await numbers(home)
        await tend(home)
        assert await numbers(home) == before
        assert "entry 3 of node 0 is missing or not as it was written" in caplog.text
        assert "owner_id differs" in report_of(home).findings[0].what

    tell(tmp_path, story)


def test_a_forged_cut_is_neither_gone_by_nor_gone_on_from(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(home: Home) -> None:
        await keep(home, 30)
        home.clock.go_on(40 * DAY)
        await work(home, 1)
        sql(
            home,
            "INSERT INTO audit_cuts SELECT e.node, e.n, e.digest, h.key_n, h.mac"
            " FROM audit_entries e, audit_heads h WHERE e.n = 2",
        )
        before = await numbers(home)
        await tend(home)
        assert await numbers(home) == before
        assert "where it begins is not signed" in caplog.text
        assert not report_of(home).intact

    tell(tmp_path, story)


def test_no_setting_that_somebody_wrote_beside_the_doors_keeps_less_than_a_month(
    tmp_path: Path,
) -> None:
    async def story(home: Home) -> None:
        await keep(home, 30)
        sql(home, "UPDATE settings SET value = '0' WHERE name = 'audit_retention_days'")
        before = await numbers(home)
        home.clock.at = later(home.clock.at, 29 * DAY)
        await tend(home)
        assert await numbers(home) == before

    tell(tmp_path, story)
