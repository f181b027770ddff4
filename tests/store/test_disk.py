"""A disk that takes no more: acts are refused with a reason, nothing is half-written, and it recovers."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from keystead.core.errors import Unavailable
from keystead.store.chains import verify_chains
from keystead.store.sqlite.engine import SQLiteEngine
from keystead.store.sqlite.store import SQLiteStore
from tests.oauth.asking import ask, client, error, exchanged, post, whoami
from tests.running import Server, running
from tests.store.installations import copy_of_an_installation, open_keyring
from tests.store.records import adding_owner, enter, make_owner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keystead.owners.owner import Owner
    from keystead.ports.store import Tx


_ENDLESS = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def test_a_full_database_refuses_acts_and_keeps_nothing_of_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    key = open_keyring(data, copy_of_an_installation(data)).audit

    async def write(store: SQLiteStore, owner: Owner) -> None:
        async def work(tx: Tx) -> None:
            await adding_owner(owner)(tx)
            await enter(tx, f"created {owner.id}")

        await store.act(work)

    async def run() -> None:
        store = SQLiteStore(data, key)
        await write(store, make_owner())
        limit(store, pages_of(store))
        large = [make_owner(email="x" * 20_000) for _ in range(5)]
        outcomes = await asyncio.gather(
            *(write(store, owner) for owner in large), return_exceptions=True
        )
        assert [type(o) for o in outcomes] == [Unavailable] * 5
        assert {o.code for o in outcomes if isinstance(o, Unavailable)} == {"audit_full"}
        assert len(await store.read(lambda tx: tx.owners.existing([o.id for o in large]))) == 0

        limit(store, 1 << 30)
        await write(store, make_owner())
        await store.close()

    asyncio.run(run())
    report = verify_chains(SQLiteEngine(data), key)[0]
    assert (report.findings, report.entries) == ((), 2)


def pages_of(store: SQLiteStore) -> int:
    writer = store._writer._run.connection
    return int(writer.execute("PRAGMA page_count").fetchall()[0][0])


def limit(store: SQLiteStore, pages: int) -> None:
    store._writer._run.connection.execute(f"PRAGMA max_page_count={pages}").fetchall()


def fill(server: Server) -> None:
    """Let the server's process write nothing behind a file's first page: no frame fits into its log."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "data") as server:
        yield server


def test_a_server_on_a_full_disk_hands_out_nothing_and_recovers(lonely: Server) -> None:
    folder = lonely.folder()
    account = lonely.account(folder["id"])
    path = f"/api/v1/accounts/{account['id']}/secret"
    assert lonely.call("GET", path).status == 200
    before = entries(lonely)

    fill(lonely)
    answers = [lonely.call("GET", path) for _ in range(4)]
    created = lonely.call("POST", "/api/v1/folders", {"name": "too late"})
    listed = lonely.call("GET", "/api/v1/folders")

    assert [(a.status, a.code) for a in (*answers, created)] == [(503, "audit_full")] * 5
    assert all("pass-word" not in a.body.decode() for a in answers), "no entry, no secret"
    assert all("retry-after" in a.headers for a in answers)
    assert listed.status == 200, "reading goes on"
    assert [f["id"] for f in listed.json()["items"]] == [folder["id"]]
    assert entries(lonely) == before

    resource.prlimit(lonely.process.pid, resource.RLIMIT_FSIZE, _ENDLESS)
    assert lonely.call("GET", path).json()["fields"] == {"password": "pass-word"}
    assert entries(lonely) == before + 1
    verified = lonely.call("GET", "/api/v1/audit/verify").json()
    assert (verified["intact"], verified["chains"][0]["findings"]) == (True, [])


def test_on_a_full_disk_no_token_is_issued_and_none_is_said_to_be_revoked(lonely: Server) -> None:
    made = client(lonely, "accounts:list", "tokens:verify")
    token = exchanged(lonely, made)
    asked = {"token": token}
    fill(lonely)
    refused = [ask(lonely, made), post(lonely, "/oauth/revoke", asked, authorization=made.basic)]
    for answer in refused:
        assert error(answer) == (503, "temporarily_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["cache-control"] == "no-store"
    assert whoami(lonely, token).status == 200, "who was told nothing keeps his token"

    resource.prlimit(lonely.process.pid, resource.RLIMIT_FSIZE, _ENDLESS)
    assert post(lonely, "/oauth/revoke", asked, authorization=made.basic).status == 200
    assert whoami(lonely, token).status == 401


def entries(server: Server) -> int:
    with closing(sqlite3.connect(server.data / "keystead.db")) as base:
        return int(base.execute("SELECT count(*) FROM audit_entries").fetchall()[0][0])
