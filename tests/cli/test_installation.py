"""Every command on a data directory, for people and for programs."""

import json
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Keystead, answer, error
from tests.running import initialise


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that nobody serves; tests that spoil it take a copy."""
    data = tmp_path_factory.mktemp("house") / "data"
    initialise(data)
    return data


def test_init_shows_the_administrator_once(keystead: Keystead, tmp_path: Path) -> None:
    ended = keystead("init", "--data", str(tmp_path / "a"), "--json")
    assert set(answer(ended)) == {"admin_login", "admin_password", "admin_token"}
    key = tmp_path / "a" / "master.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    ended = keystead("init", "--data", str(tmp_path / "b"))
    assert [line.partition(":")[0] for line in ended.out.splitlines()] == [
        "admin_login",
        "admin_password",
        "admin_token",
    ]
    assert "master.key" in ended.err
    before = sorted(path.name for path in (tmp_path / "a").iterdir())
    again = keystead("init", "--data", str(tmp_path / "a"), "--json")
    assert (again.code, error(again)["code"]) == (9, "misconfigured")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == before
    other = keystead("init", "--data", str(tmp_path / "c"), "--database-url", "mysql://x/y")
    assert (other.code, (tmp_path / "c").exists()) == (9, False)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/x", True),
        ("postgresql://u@127.0.0.1:1/x?password=hunter2", True),
        ("postgresql://u@127.0.0.1:1/x", False),
    ],
)
def test_a_password_on_the_command_line_is_told_of(
    keystead: Keystead, tmp_path: Path, url: str, told: bool
) -> None:
    ended = keystead("init", "--data", str(tmp_path / "a"), "--database-url", url)
    assert ended.code == 9
    assert ("process list" in ended.err) is told
    assert "hunter2" not in ended.out + ended.err


def test_a_healthy_installation_is_found_healthy(keystead: Keystead, made: Path) -> None:
    found = answer(keystead("doctor", "--data", str(made), "--json"))
    assert found["ok"]
    assert all(each["ok"] for each in found["findings"])
    assert "master key" in keystead("doctor", "--data", str(made)).out


def test_a_wrong_key_is_found(keystead: Keystead, made: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(made, broken)
    initialise(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "master.key", broken / "master.key")
    ended = keystead("doctor", "--data", str(broken), "--json")
    assert ended.code == 9
    assert not json.loads(ended.out)["ok"]
    for line in (("serve",), ("audit", "verify")):
        assert keystead(*line, "--data", str(broken)).code == 9


def test_what_is_no_installation_is_said_so(keystead: Keystead, tmp_path: Path) -> None:
    for line in (
        ("serve",),
        ("doctor",),
        ("audit", "verify"),
        ("audit", "export"),
        ("audit", "checkpoint"),
    ):
        assert keystead(*line, "--data", str(tmp_path / "none")).code == 9


def test_a_whole_chain_verifies_and_against_a_checkpoint(
    keystead: Keystead, made: Path, tmp_path: Path
) -> None:
    found = answer(keystead("audit", "verify", "--data", str(made), "--json"))
    assert (found["intact"], found["chains"][0]["findings"]) == (True, [])
    assert keystead("audit", "verify", "--data", str(made)).out.startswith("intact: ")
    line = keystead("audit", "checkpoint", "--data", str(made)).out
    assert answer(keystead("audit", "checkpoint", "--data", str(made), "--json"))
    kept = tmp_path / "checkpoint"
    kept.write_text(line)
    verify = ("audit", "verify", "--data", str(made), "--checkpoint", str(kept))
    assert keystead(*verify).code == 0
    kept.write_text("nonsense")
    assert keystead(*verify).code == 6
    assert keystead(*verify[:-1], str(tmp_path / "none")).code == 2


def test_an_edited_chain_is_eight_and_says_where(
    keystead: Keystead, made: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(made, broken)
    (database,) = broken.glob("keystead.db")
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM audit_entries WHERE n = 1")
    connection.close()
    ended = keystead("audit", "verify", "--data", str(broken))
    assert ended.code == 8
    assert "missing" in ended.out
    ended = keystead("audit", "verify", "--data", str(broken), "--json")
    assert (ended.code, json.loads(ended.out)["intact"]) == (8, False)
    assert json.loads(ended.err)["error"]["code"] == "chain_broken"


def test_the_audit_is_exported(keystead: Keystead, made: Path, tmp_path: Path) -> None:
    export = ("audit", "export", "--data", str(made))
    lines = keystead(*export).out.splitlines()
    assert all(json.loads(line) for line in lines)
    assert keystead(*export, "--format", "csv").out.count("\n") >= 2
    out = tmp_path / "audit.jsonl"
    ended = keystead(*export, "--out", str(out), "--json")
    assert answer(ended)["entries"] >= 1
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text().count("\n") == len(lines)
    assert keystead(*export, "--out", str(out)).code == 2
    assert keystead(*export, "--json").out.splitlines() == lines
    assert keystead(*export, "--json", "--format", "csv").code == 2
    assert keystead(*export, "--format", "xml").code == 2
    assert keystead(*export, "--verb", "owner.create").code == 2
