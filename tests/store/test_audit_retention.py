"""An audit that retention has cut, as an auditor meets it: by the command line, and through a server."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from keystead.audit.chain import encode_checkpoint
from keystead.core.clock import DAY, format_instant
from keystead.operations.settings import edit_settings
from keystead.store.chains import newest_checkpoints
from keystead.store.sqlite.connection import DATABASE
from keystead.store.sqlite.engine import SQLiteEngine
from keystead_client import Client, audit
from tests.doors.cast import V1, ok
from tests.gate.houses import at_home
from tests.running import start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.command import Command


class Cut(NamedTuple):
    """A data directory whose audit was cut.

    Attributes:
        begins: the first entry that is left.
        last: the newest, which says that the others are gone.
        at: when it was cut.
        checkpoints: of an entry that is gone, of the last that is gone, and of one that is left.
    """

    data: Path
    token: str
    begins: int
    last: int
    at: str
    checkpoints: list[str]


@pytest.fixture
def cut(tmp_path: Path) -> Cut:
    async def run() -> Cut:
        async with at_home(tmp_path / "data") as home:
            kept: list[str] = []

            def keep() -> None:
                (head,) = newest_checkpoints(SQLiteEngine(home.data))
                assert head is not None
                kept.append(encode_checkpoint(head))

            keep()
            await home.perform(edit_settings, {"audit_retention_days": 30})
            keep()
            home.clock.go_on(32 * DAY)
            for _ in range(4):
                await home.issue()
            keep()
            await home.house.upkeep.cut()
            await home.house.upkeep.forget_ended()
            numbers = [entry.n for entry in await home.entries()]
            at = format_instant(home.clock.at)
            return Cut(home.data, home.token.reveal(), numbers[0], numbers[-1], at, kept)

    return asyncio.run(run())


def sql(data: Path, statement: str) -> None:
    with closing(sqlite3.connect(data / DATABASE)) as base, base:
        base.execute(statement)


def verified(command: Command, cut: Cut, *more: str) -> dict[str, Any]:
    done = command("audit", "verify", "--data", str(cut.data), "--json", *more)
    told = json.loads(done.out)
    assert (done.code == 0) is told["intact"]
    (chain,) = told["chains"]
    return dict(chain)


def test_the_command_line_says_where_it_begins_and_since_when(cut: Cut, command: Command) -> None:
    chain = verified(command, cut)
    assert (chain["begins"], chain["cut_at"], chain["notes"]) == (cut.begins, cut.at, [])
    assert (chain["intact"], chain["entries"]) == (True, cut.last - cut.begins + 1)
    said = command("audit", "verify", "--data", str(cut.data)).out.splitlines()
    assert said[1] == f"begins at entry {cut.begins}, cut on {cut.at} by retention"


def test_an_older_checkpoint_is_no_finding_and_is_told(cut: Cut, command: Command) -> None:
    kept = cut.data.parent / "checkpoints"
    kept.write_text("\n".join(cut.checkpoints))
    done = command("audit", "verify", "--data", str(cut.data), "--checkpoint", str(kept))
    assert done.code == 0
    oldest = cut.checkpoints[0].split()[2]
    assert done.out.splitlines()[2] == (
        f"not verifiable any more: exported checkpoints of entries before that ({oldest})"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM audit_cuts", "are missing"),
        ("UPDATE audit_cuts SET n = n + 1", "is not signed"),
        ("UPDATE audit_cuts SET mac = (SELECT mac FROM audit_heads)", "is not signed"),
        ("UPDATE audit_cuts SET digest = 'no bytes', key_n = 'one'", "is not signed"),
        ("UPDATE audit_cuts SET node = 1", "is not signed"),
        ("DELETE FROM audit_entries WHERE n = (SELECT n + 1 FROM audit_cuts)", "is missing"),
        ("DELETE FROM audit_entries WHERE verb = 'audit.cut'", "the tail was cut"),
    ],
)
def test_a_change_of_the_cut_or_behind_it_is_found(
    cut: Cut, command: Command, change: str, said: str
) -> None:
    sql(cut.data, change)
    done = command("audit", "verify", "--data", str(cut.data))
    assert done.code == 8
    assert said in done.out


def test_doctor_finds_the_head_of_a_chain_that_was_cut(cut: Cut, command: Command) -> None:
    told = command("doctor", "--data", str(cut.data)).out
    assert f"{cut.last} entries, the head is signed" in told


def test_an_export_begins_behind_the_cut_and_says_so(cut: Cut, command: Command) -> None:
    first, *lines, last = command("audit", "export", "--data", str(cut.data)).out.splitlines()
    told = json.loads(first)["cut"]
    assert (told["node"], told["n"]) == (0, cut.begins - 1)
    digest = bytes.fromhex(told["digest"])
    for line in lines:
        entry = line.split('"entry":', 1)[1][:-1].encode()
        digest = hashlib.sha256(digest + entry).digest()
    assert json.loads(last)["checkpoint"].split()[2:4] == [str(cut.last), digest.hex()]
    table = command("audit", "export", "--data", str(cut.data), "--format", "csv").out
    numbers = [int(row["n"]) for row in csv.DictReader(io.StringIO(table))]
    assert numbers == list(range(cut.begins, cut.last + 1))


def test_a_server_says_the_same(cut: Cut, command: Command) -> None:
    exported = command("audit", "export", "--data", str(cut.data)).out.encode().splitlines()
    server = start(cut.data, {"admin_token": cut.token, "admin_password": ""})
    try:
        page = ok(server.call("GET", f"{V1}/audit/events?since=start&page_size=200"))
        assert [event["n"] for event in page["items"]][:2] == [cut.begins, cut.begins + 1]
        whole = server.call("GET", f"{V1}/audit/export").body.splitlines()
        assert whole[: len(exported) - 1] == exported[:-1]
        assert "checkpoint" in json.loads(whole[-1])
        some = server.call("GET", f"{V1}/audit/export?verb=audit.cut").body.splitlines()
        assert [json.loads(line)["n"] for line in some] == [cut.last]
        (chain,) = ok(server.call("GET", f"{V1}/audit/verify"))["chains"]
        assert (chain["intact"], chain["begins"]) == (True, cut.begins)
        assert chain["cut_at"] == cut.at
        with Client(server.url, cut.token) as client:
            (report,) = client.send(audit.verify()).chains
        assert (report.begins, report.intact, report.notes) == (cut.begins, True, ())
        assert report.cut_at is not None
    finally:
        server.stop()
