"""The master key is rotated while servers run, and whatever ends that leaves an installation that opens."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from keystead.crypto.keyring import read_master_key
from keystead.crypto.master.key import new_master_key_text
from tests.crash.nodes import found, join
from tests.running import KEYSTEAD, Server, initialise, installed, running, start
from tests.store.servers import own_database, require_server

PHRASES = ("correct horse battery staple", "tender lamp velvet harbour")
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("KEYSTEAD_MASTER")}
Given = dict[str, str]


def command(*words: str, given: Given | None = None, code: int = 0) -> dict[str, str]:
    done = subprocess.run(
        [KEYSTEAD, *words, "--json"],
        env=CLEAN | (given or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return dict(json.loads(done.stderr)["error"] if code else json.loads(done.stdout))


def rotate(data: Path, *words: str, given: Given | None = None, code: int = 0) -> dict[str, str]:
    return command("master-key", "rotate", "--data", str(data), *words, given=given, code=code)


def opens(data: Path, given: Given | None = None) -> bool:
    """Say that all is well there: the key, the chain, and what is sealed."""
    told = command("doctor", "--data", str(data), given=given)
    return bool(
        told["ok"] and command("audit", "verify", "--data", str(data), given=given)["intact"]
    )


def works(server: Server) -> None:
    """Seal and open through a server."""
    folder = server.folder(name=token_hex(8))
    account = server.account(folder["id"])
    told = server.call("GET", f"/api/v1/accounts/{account['id']}/secret")
    assert told.json()["fields"]["password"] == "pass-word"


def test_a_running_server_goes_on_and_the_next_one_takes_the_new_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--workers", "2") as server:
        works(server)
        before = read_master_key(data / "master.key").key_id
        done = rotate(data)
        assert done["replaced"] == before
        assert read_master_key(data / "master.key").key_id == done["master_key"] != before
        works(server)
        told = server.call("GET", "/api/v1/audit/events?verb=master_key.rotate").json()["items"]
        assert [(each["object"]["id"], each["actor"]["kind"]) for each in told] == [
            (done["master_key"], "system")
        ]
    assert not (data / "master.key.new").exists()
    assert opens(data)
    server = start(data, {"admin_token": server.admin_token, "admin_password": ""})
    works(server)
    server.stop()


def test_it_goes_from_each_source_to_each_other(tmp_path: Path) -> None:
    data = tmp_path / "data"
    installed(data)
    text, another = (new_master_key_text().reveal() for _ in range(2))
    by_text, by_other = {"KEYSTEAD_MASTER_KEY": text}, {"KEYSTEAD_MASTER_KEY": another}
    by_phrase = {"KEYSTEAD_MASTER_PASSPHRASE": PHRASES[0]}
    new_phrase = {"KEYSTEAD_NEW_MASTER_PASSPHRASE": PHRASES[0]}
    file = tmp_path / "phrase"
    file.touch(0o600)
    file.write_text(PHRASES[1])

    rotate(data, "--to", "environment", given={"KEYSTEAD_NEW_MASTER_KEY": text})
    assert not (data / "master.key").exists()
    assert opens(data, by_text)
    rotate(data, given=by_text | {"KEYSTEAD_NEW_MASTER_KEY": another})
    assert opens(data, by_other)
    rotate(data, "--to", "passphrase", given=by_other | new_phrase)
    assert opens(data, by_phrase)
    rotate(data, "--passphrase-file", str(file), given=by_phrase)
    assert opens(data)
    assert str(file) in (data / "keystead.toml").read_text()
    done = rotate(data, "--to", "file")
    assert done["file"] == str(data / "master.key")
    assert opens(data)
    assert "\nmaster_passphrase_file" not in (data / "keystead.toml").read_text()
    rotate(data)
    assert opens(data)


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        (["--to", "environment"], {}, "KEYSTEAD_NEW_MASTER_KEY"),
        (["--to", "environment"], {"KEYSTEAD_NEW_MASTER_KEY": "no"}, "no whole master key"),
        (["--to", "passphrase"], {}, "KEYSTEAD_NEW_MASTER_PASSPHRASE"),
        (["--to", "passphrase"], {"KEYSTEAD_NEW_MASTER_PASSPHRASE": "short"}, "16 characters"),
        ([], {"KEYSTEAD_MASTER_PASSPHRASE": PHRASES[0]}, "not made of a passphrase"),
    ],
)
def test_a_new_key_that_is_not_given_changes_nothing(
    tmp_path: Path, words: list[str], given: Given, told: str
) -> None:
    data = tmp_path / "data"
    installed(data)
    before = (data / "master.key").read_bytes()
    assert told in str(rotate(data, *words, given=given, code=9))
    assert (data / "master.key").read_bytes() == before
    assert opens(data)


def test_the_key_in_force_is_no_new_one_and_an_older_file_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    installed(data)
    old = (data / "master.key").read_bytes()
    text = {"KEYSTEAD_NEW_MASTER_KEY": old.decode().strip()}
    assert "in force already" in str(rotate(data, "--to", "environment", given=text, code=9))
    new = new_master_key_text().reveal()
    rotate(data, "--to", "environment", given={"KEYSTEAD_NEW_MASTER_KEY": new})
    (data / "master.key").write_bytes(old)
    told = rotate(data, "--to", "file", given={"KEYSTEAD_MASTER_KEY": new}, code=9)
    assert "exists already" in str(told)
    assert (data / "master.key").read_bytes() == old


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.trial]),
    ]
)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An installation of its own on each engine."""
    data = tmp_path / "data"
    if request.param == "sqlite":
        initialise(data)
        yield data
        return
    require_server()
    with own_database() as url:
        found(data, url)
        yield data


def test_a_kill_at_any_step_leaves_an_installation_that_opens(kept: Path) -> None:
    """And the next start tidies up: one key is left, the one in force, and it can be rotated again."""
    seen = set()
    for n in range(100):
        before = read_master_key(kept / "master.key").key_id
        words = ["master-key", "rotate", "--data", str(kept)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.crash.dying", str(n), *words],
            capture_output=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr
        pending = (kept / "master.key.new").exists()
        assert command("doctor", "--data", str(kept))["ok"], n
        assert (kept / "master.key.new").exists() == pending, "the doctor changes nothing"
        assert command("audit", "verify", "--data", str(kept))["intact"]
        left = read_master_key(kept / "master.key").key_id
        assert not (kept / "master.key.new").exists()
        seen.add((pending, left == before))
        if pending:
            assert rotate(kept)["replaced"] == left
        if done.returncode == 0:
            break
    # Before anything; between the file and the transaction; after that; at the end.
    assert seen == {(False, True), (True, True), (True, False), (False, False)}


@pytest.mark.postgresql
def test_another_node_goes_on_and_names_the_key_that_it_needs_next(tmp_path: Path) -> None:
    require_server()
    first, second = tmp_path / "0", tmp_path / "1"
    with own_database() as url:
        admin = found(first, url)
        join(first, second, url, 1)
        servers = [start(data, admin) for data in (first, second)]
        try:
            done = rotate(first)
            for server in servers:
                works(server)
        finally:
            for server in servers:
                server.stop()
        told = str(command("audit", "verify", "--data", str(second), code=9))
        assert f"needs master key {done['master_key']}" in told
        # It cannot rotate what it does not open.
        assert "needs master key" in str(rotate(second, code=9))
        shutil.copy(first / "master.key", second / "master.key")
        assert opens(second)
        assert rotate(second)["replaced"] == done["master_key"]
