"""`keystead join` makes one more node, and an address's password stays where it was put."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from keystead.crypto.keyring import create_master_key, new_keyring
from keystead.store.postgres.engine import PostgresEngine
from tests.running import KEYSTEAD, start
from tests.store.command import Command
from tests.store.records import NOON
from tests.store.servers import own_database, require_server, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.postgresql

PASSWORD = "hunter2-never-said"


@pytest.fixture
def url() -> Iterator[str]:
    """An address with a password, which a server that trusts this machine does not look at."""
    require_server()
    with own_database() as found:
        parts = urlsplit(found)
        host = parts.netloc.rpartition("@")[2]
        yield parts._replace(netloc=f"{parts.username}:{PASSWORD}@{host}").geturl()


@pytest.fixture
def first(tmp_path: Path, url: str, command: Command) -> Path:
    data = tmp_path / "0"
    assert command("init", "--data", str(data), "--database-url", url).code == 0
    return data


def joining(data: Path, key: Path, url: str) -> list[str]:
    return ["join", "--data", str(data), "--master-key", str(key), "--database-url", url]


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_node_is_made_with_the_next_number(
    first: Path, tmp_path: Path, url: str, command: Command
) -> None:
    for number in (1, 2):
        data = tmp_path / str(number)
        done = command(*joining(data, first / "master.key", url), "--json")
        assert (done.code, json.loads(done.out)) == (0, {"node": number})
        assert (data / "master.key").read_bytes() == (first / "master.key").read_bytes()
        assert f'node = "{number}"' in (data / "keystead.toml").read_text()
        assert [mode_of(data / name) for name in (".", "master.key", "keystead.toml")] == [
            0o700, 0o600, 0o600,
        ]  # fmt: skip
        assert PASSWORD not in done.out + done.err
    told = json.loads(command("audit", "verify", "--data", str(tmp_path / "2"), "--json").out)
    assert told["intact"]
    assert [chain["node"] for chain in told["chains"]] == [0, 1, 2]


def test_the_number_of_a_node_whose_head_is_lost_is_not_given_again(
    first: Path, tmp_path: Path, url: str, command: Command
) -> None:
    sql_of(url, "DELETE FROM audit_heads")
    done = command(*joining(tmp_path / "1", first / "master.key", url), "--json")
    assert json.loads(done.out) == {"node": 1}


def test_two_who_join_at_once_get_two_numbers(first: Path, tmp_path: Path, url: str) -> None:
    def join(name: str) -> int:
        words = [KEYSTEAD, *joining(tmp_path / name, first / "master.key", url), "--json"]
        done = subprocess.run(words, capture_output=True, check=True)
        return int(json.loads(done.stdout)["node"])

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(join, "abcd")) == [1, 2, 3, 4]


def test_a_directory_that_stands_already_may_be_a_mounted_one(
    tmp_path: Path, url: str, command: Command
) -> None:
    joining_a = ["join", "--master-key", str(tmp_path / "a" / "master.key")]
    for name, words in (("a", ["init"]), ("b", joining_a)):
        (tmp_path / name).mkdir(mode=0o755)
        before = (tmp_path / name).stat().st_ino
        done = command(*words, "--data", str(tmp_path / name), "--database-url", url)
        assert done.code == 0, done.err
        assert (tmp_path / name).stat().st_ino == before
        assert mode_of(tmp_path / name) == 0o700
        assert {"keystead.toml", "master.key"} <= {
            path.name for path in (tmp_path / name).iterdir()
        }
        assert [path for path in (tmp_path / name).iterdir() if path.is_dir()] == []


def test_another_installation_s_key_names_the_one_that_is_needed(
    first: Path, tmp_path: Path, url: str, command: Command
) -> None:
    create_master_key(tmp_path / "other.key")
    needed = sql_of(url, "SELECT master_key_id FROM installation")[0][0]
    done = command(*joining(tmp_path / "1", tmp_path / "other.key", url))
    assert done.code == 9
    assert f"needs master key {needed}" in done.err
    assert not (tmp_path / "1").exists()
    assert sql_of(url, "SELECT node FROM audit_heads") == [(0,)]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda data: (data / "thing").mkdir(parents=True), "is not empty"),
        (lambda data: data.write_text("a file"), "is not empty"),
        (lambda data: data.parent.joinpath("0/master.key").chmod(0o644), "chmod 600"),
        (lambda data: data.parent.joinpath("0/master.key").write_text("no"), "not a whole master"),
    ],
    ids=["full", "file", "open-key", "no-key"],
)
def test_what_cannot_be_joined_takes_no_number(
    first: Path, tmp_path: Path, url: str, command: Command, make: object, said: str
) -> None:
    make(tmp_path / "1")  # type: ignore[operator]
    done = command(*joining(tmp_path / "1", first / "master.key", url))
    assert done.code == 9
    assert said in done.err
    assert sql_of(url, "SELECT node FROM audit_heads") == [(0,)]


def test_a_database_without_an_installation_cannot_be_joined(
    tmp_path: Path, url: str, command: Command
) -> None:
    create_master_key(tmp_path / "master.key")
    done = command(*joining(tmp_path / "1", tmp_path / "master.key", url))
    assert done.code == 9
    assert "keystead init" in done.err


@pytest.mark.parametrize("url_words", [[], ["--database-url", "sqlite://"]])
def test_the_embedded_database_has_one_node(
    tmp_path: Path, command: Command, url_words: list[str]
) -> None:
    create_master_key(tmp_path / "master.key")
    words = ["join", "--data", str(tmp_path / "1"), "--master-key", str(tmp_path / "master.key")]
    done = command(*words, *url_words)
    assert done.code == 9
    assert "keystead migrate-store" in done.err


def test_a_node_without_a_chain_does_not_start(
    first: Path, tmp_path: Path, url: str, command: Command
) -> None:
    toml = first / "keystead.toml"
    toml.write_text(toml.read_text().replace('# node = "0"', 'node = "7"'))
    done = command("serve", "--data", str(first), "--listen", "127.0.0.1:0")
    assert done.code == 9
    assert "Node 7 has no audit chain" in done.err
    assert sql_of(url, "SELECT node FROM audit_heads") == [(0,)]


def test_an_address_from_the_environment_stands_in_no_file(
    tmp_path: Path, url: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTEAD_DATABASE_URL", url)
    key = tmp_path / "0" / "master.key"
    assert command("init", "--data", str(tmp_path / "0")).code == 0
    assert command("join", "--data", str(tmp_path / "1"), "--master-key", str(key)).code == 0
    assert command("doctor", "--data", str(tmp_path / "1")).code == 0
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()
    monkeypatch.delenv("KEYSTEAD_DATABASE_URL")
    done = command("serve", "--data", str(tmp_path / "1"), "--listen", "127.0.0.1:0")
    assert done.code == 9
    assert "KEYSTEAD_DATABASE_URL in the environment" in done.err


def test_no_process_shows_the_password(first: Path, url: str) -> None:
    with_address = {"admin_token": "", "admin_password": ""}
    server = start(first, with_address, "--workers", "2")
    try:
        shown = {
            pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family(server.process.pid)
        }
        assert len(shown) >= 3
        assert not any(PASSWORD.encode() in line for line in shown.values())
    finally:
        server.stop()
    assert PASSWORD not in server.log.read_text()


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


_DYING = """
import os, sys
from pathlib import Path
from tests.store.test_postgres_join import found_and_die
found_and_die(Path(sys.argv[1]), sys.argv[2])
"""


def found_and_die(home: Path, url: str) -> None:
    master = create_master_key(home / "dying.key")
    with PostgresEngine(home, url, 0).founding("org_died", master, new_keyring(master), NOON):
        os._exit(1)


def test_an_init_that_was_killed_may_be_run_again(
    tmp_path: Path, url: str, command: Command
) -> None:
    done = subprocess.run([sys.executable, "-c", _DYING, tmp_path, url], check=False)
    assert done.returncode == 1
    assert sql_of(url, "SELECT organisation FROM installation") == [("org_died",)]
    data = tmp_path / "data"
    again = command("init", "--data", str(data), "--database-url", url)
    assert again.code == 0, again.err
    assert command("audit", "verify", "--data", str(data)).code == 0
    third = command("init", "--data", str(tmp_path / "third"), "--database-url", url)
    assert third.code == 9
    assert "already" in third.err
    assert command("doctor", "--data", str(data)).code == 0, "the third took nothing back"


def test_two_inits_at_once_make_one_installation(
    tmp_path: Path, url: str, command: Command
) -> None:
    def init(name: str) -> int:
        words = [KEYSTEAD, "init", "--data", str(tmp_path / name), "--database-url", url, "--json"]
        return subprocess.run(words, capture_output=True, check=False).returncode

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(init, "abc")) == [0, 9, 9]
    (made,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert command("audit", "verify", "--data", str(made)).code == 0
