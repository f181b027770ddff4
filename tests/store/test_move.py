"""`keystead migrate-store`: everything moves to PostgreSQL, is the same there, and goes on."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from keystead.store.move import MOVED
from keystead.store.schema import tables
from tests.doors.cast import V1, ok, problem
from tests.running import KEYSTEAD, Server, installed, running, start
from tests.store.command import Command, Ended
from tests.store.servers import own_database, require_server, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url() -> Iterator[str]:
    require_server()
    with own_database() as found:
        yield found


def until_used(server: Server, credential_id: str) -> None:
    deadline = time.monotonic() + 5
    while ok(server.call("GET", f"{V1}/credentials/{credential_id}"))["last_used"] is None:
        assert time.monotonic() < deadline, "its use was never counted"
        time.sleep(0.05)


def furnished(server: Server) -> dict[str, Any]:
    """Do a bit of everything; return what must still be so afterwards."""
    folder = server.folder()
    account = server.account(folder["id"], fields={"password": "päss\n'\"\\ \U0001f511"})
    for n in range(3):
        body = {"fields": {"password": f"version {n}", "note": "x" * 1000}}
        ok(server.call("PUT", f"{V1}/accounts/{account['id']}/secret", body))
    token, made = server.token("secrets:read", "self:rotate", networks=["127.0.0.0/8"])
    secret = ok(server.call("GET", f"{V1}/accounts/{account['id']}/secret", token=token))
    until_used(server, made["id"])
    rotated = ok(
        server.call("POST", f"{V1}/credentials/{made['id']}/rotate", {"overlap_seconds": 3600})
    )
    revoked, gone = server.token("accounts:list")
    ok(server.call("POST", f"{V1}/credentials/{gone['id']}/revoke"))
    deleted, buried = server.token("accounts:list")
    ok(server.call("DELETE", f"{V1}/credentials/{buried['id']}"), 204)
    person = {"kind": "user", "name": "Ada", "login": "ada", "password": "nine troubled waters"}
    owner = ok(server.call("POST", f"{V1}/owners", person), 201)["id"]
    ok(server.call("POST", f"{V1}/groups", {"name": "both", "members": [owner]}), 201)
    ok(server.call("PATCH", f"{V1}/settings", {"max_networks": 20}))
    key = {"Idempotency-Key": "asked-again"}
    again = server.call("POST", f"{V1}/folders", {"name": "once"}, headers=key)
    return {
        "path": f"{V1}/accounts/{account['id']}/secret",
        "secret": secret,
        "good": [token, rotated["secret"]],
        "revoked": revoked,
        "deleted": deleted,
        "credential": made["id"],
        "again": again.body,
        "listed": ok(server.call("GET", f"{V1}/credentials?page_size=200"))["items"],
    }


def moving(command: Command, data: Path, url: str, *more: str) -> Ended:
    return command("migrate-store", "--data", str(data), "--database-url", url, *more)


def test_everything_is_moved_is_the_same_and_goes_on(
    tmp_path: Path, url: str, command: Command
) -> None:
    data = tmp_path / "data"
    with running(data) as server:
        kept = furnished(server)
        admin = {"admin_token": server.admin_token, "admin_password": server.admin_password}
    done = moving(command, data, url, "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert set(told["rows"]) == {table.name for table in MOVED}
    assert told["rows"]["credentials"] == 4
    assert told["audit_entries"] == told["rows"]["audit_entries"] > 10
    assert sorted(told["kept"]) == [str(data / "keystead.db.moved"), str(data / "usage.db.moved")]
    assert not (data / "keystead.db").exists()
    assert (data / "keystead.db.moved").stat().st_mode & 0o777 == 0o600

    server = start(data, admin)
    try:
        for token in kept["good"]:
            assert ok(server.call("GET", kept["path"], token=token)) == kept["secret"]
        assert problem(server.call("GET", f"{V1}/whoami", token=kept["revoked"])) == (
            401, "credential_revoked",
        )  # fmt: skip
        assert server.call("GET", f"{V1}/whoami", token=kept["deleted"]).status == 401
        listed = ok(server.call("GET", f"{V1}/credentials?page_size=200"))["items"]
        assert {each["id"]: each["access"] for each in listed} == {
            each["id"]: each["access"] for each in kept["listed"]
        }
        key = {"Idempotency-Key": "asked-again"}
        again = server.call("POST", f"{V1}/folders", {"name": "once"}, headers=key)
        assert (again.status, again.body) == (201, kept["again"])
        assert ok(server.call("GET", f"{V1}/settings"))["max_networks"] == 20
        # New rows come behind those that were copied.
        server.token("accounts:list")
    finally:
        server.stop()
    verified = json.loads(command("audit", "verify", "--data", str(data), "--json").out)
    assert verified["intact"]
    # What the server entered since stands behind what was moved.
    assert verified["chains"][0]["entries"] > told["audit_entries"]


def test_no_table_is_left_out() -> None:
    found = {*tables.metadata.tables, *tables.usage_metadata.tables}
    assert {table.name for table in MOVED} == found


def test_people_see_how_far_it_is_and_what_comes_next(
    tmp_path: Path, url: str, command: Command
) -> None:
    installed(data := tmp_path / "data")
    done = moving(command, data, url)
    assert done.code == 0, done.err
    assert "copy audit_entries: " in done.err
    assert "compare audit_entries: " in done.err
    assert f"Next: keystead serve --data {data}" in done.err
    assert any(line.split() == ["keyring", "3"] for line in done.out.splitlines())


def test_an_address_from_the_environment_is_written_nowhere(
    tmp_path: Path, url: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(data := tmp_path / "data")
    parts = urlsplit(url)
    named = parts._replace(netloc=f"{parts.username}:hunter2-never-said@127.0.0.1:{parts.port}")
    monkeypatch.setenv("KEYSTEAD_DATABASE_URL", named.geturl())
    done = command("migrate-store", "--data", str(data))
    assert done.code == 0, done.err
    assert "KEYSTEAD_DATABASE_URL" in done.err
    written = (data / "keystead.toml").read_text()
    assert 'database_url = "KEYSTEAD_DATABASE_URL"' in written
    assert "hunter2" not in written + done.out + done.err
    assert command("audit", "verify", "--data", str(data)).code == 0


def test_the_other_settings_stay_as_they_are(tmp_path: Path, url: str, command: Command) -> None:
    installed(data := tmp_path / "data")
    (data / "master.key").rename(data / "kept.key")
    settings = data / "keystead.toml"
    settings.write_text(settings.read_text() + '# mine\nmaster_key_file = "kept.key"\n')
    assert moving(command, data, url).code == 0
    written = settings.read_text()
    assert written.endswith('# mine\nmaster_key_file = "kept.key"\n')
    assert written.count("database_url") == 1
    assert settings.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "given", [[], ["--database-url", "sqlite://"]], ids=["nothing", "embedded"]
)
def test_where_to_has_to_be_said(tmp_path: Path, command: Command, given: list[str]) -> None:
    installed(data := tmp_path / "data")
    done = command("migrate-store", "--data", str(data), *given)
    assert (done.code, "--database-url" in done.err) == (9, True)
    assert (data / "keystead.db").exists()


def test_nothing_is_moved_under_a_running_server(
    tmp_path: Path, url: str, command: Command
) -> None:
    with running(tmp_path / "data", "--workers", "2") as server:
        done = moving(command, server.data, url)
        assert (done.code, "A server is running" in done.err) == (9, True)
        server.token("accounts:list")
    assert moving(command, tmp_path / "data", url).code == 0


def test_what_is_moved_already_is_not_moved_again(
    tmp_path: Path, url: str, command: Command
) -> None:
    installed(data := tmp_path / "data")
    assert moving(command, data, url).code == 0
    done = moving(command, data, url)
    assert (done.code, "in PostgreSQL already" in done.err) == (9, True)


def test_another_installation_is_left_as_it_is(tmp_path: Path, url: str, command: Command) -> None:
    assert command("init", "--data", str(tmp_path / "there"), "--database-url", url).code == 0
    before = sql_of(url, "SELECT id FROM credentials")
    installed(data := tmp_path / "data")
    done = moving(command, data, url)
    assert (done.code, "another installation" in done.err) == (9, True)
    assert sql_of(url, "SELECT id FROM credentials") == before
    assert (data / "keystead.db").exists()


def test_another_programs_tables_are_left_as_they_are(
    tmp_path: Path, url: str, command: Command
) -> None:
    sql_of(url, "CREATE TABLE accounts (mine int)")
    installed(data := tmp_path / "data")
    done = moving(command, data, url)
    assert (done.code, "another program's tables" in done.err) == (9, True)


def test_a_wrong_key_or_a_spoiled_chain_moves_nothing(
    tmp_path: Path, url: str, command: Command
) -> None:
    installed(data := tmp_path / "data")
    installed(other := tmp_path / "other")
    shutil.copy(data / "master.key", tmp_path / "right.key")
    (data / "master.key").write_bytes(bytes(reversed((other / "master.key").read_bytes())))
    assert moving(command, data, url).code == 9
    shutil.copy(tmp_path / "right.key", data / "master.key")
    with closing(sqlite3.connect(data / "keystead.db", isolation_level=None)) as base:
        base.execute("UPDATE audit_entries SET at = at + 1 WHERE n = 1")
    done = moving(command, data, url)
    assert (done.code, "not intact" in done.err) == (9, True)
    assert sql_of(url, "SELECT count(*) FROM audit_entries") == [(0,)]
    assert (data / "keystead.db").exists()


def test_a_run_that_was_killed_leaves_nothing_and_the_next_one_moves_all(
    tmp_path: Path, url: str, command: Command
) -> None:
    admin = installed(data := tmp_path / "data")
    with closing(sqlite3.connect(data / "keystead.db", isolation_level=None)) as base:
        # Enough to be in the midst of it for a while.
        base.execute(
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 150000)"
            " INSERT INTO generation_journal (n, changed, ref, at)"
            " SELECT i + 1000, 'credential', 'cred_' || i, i FROM c"
        )
    arguments = [KEYSTEAD, "migrate-store", "--data", str(data), "--database-url", url]
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("copy generation_journal"):
                break
        process.send_signal(signal.SIGKILL)
    assert (data / "keystead.db").exists()
    deadline = time.monotonic() + 10
    while sql_of(
        url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    ) != [(1,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert sql_of(url, "SELECT count(*) FROM installation") == [(0,)]
    assert moving(command, data, url).code == 0
    assert sql_of(url, "SELECT count(*) FROM generation_journal WHERE n > 1000") == [(150_000,)]
    server = start(data, admin)
    try:
        assert server.call("GET", f"{V1}/whoami").status == 200
    finally:
        server.stop()


def test_one_that_was_killed_after_the_copy_is_finished_by_the_next(
    tmp_path: Path, url: str, command: Command
) -> None:
    installed(data := tmp_path / "data")
    shutil.copytree(data, tmp_path / "before")
    assert moving(command, data, url).code == 0
    # As it was when the copy was committed, and nothing else was done yet.
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "before", data)
    done = moving(command, data, url)
    assert done.code == 0, done.err
    assert "It had been copied before" in done.err

    # But not over what was done in PostgreSQL since.
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "before", data)
    sql_of(url, "UPDATE owners SET name = 'changed since'")
    done = moving(command, data, url)
    assert (done.code, "owners did not come over" in done.err) == (9, True)
