"""Installations whose master key is in no file: every command takes it from where it was put."""

import json
import subprocess
from pathlib import Path

import pytest

from keystead.crypto.master.key import new_master_key_text
from tests.cli.conftest import Keystead, answer, error
from tests.running import KEYSTEAD, start
from tests.store.servers import own_database, require_server

PHRASE = "correct horse battery staple"
WRONG = "correct horse battery stapler"
BY_TEXT = "KEYSTEAD_MASTER_KEY"
BY_PHRASE = "KEYSTEAD_MASTER_PASSPHRASE"
BY_FILE = "KEYSTEAD_MASTER_PASSPHRASE_FILE"


@pytest.fixture(params=[BY_TEXT, BY_PHRASE, BY_FILE])
def given(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """The variable, set; and the secret that it stands for."""
    name = str(request.param)
    secret = new_master_key_text().reveal() if name == BY_TEXT else PHRASE
    value = secret
    if name == BY_FILE:
        file = tmp_path / "phrase"
        file.touch(0o600)
        file.write_text(f"{secret}\n")
        value = str(file)
    monkeypatch.setenv(name, value)
    return name, secret


def test_an_installation_is_made_served_and_examined(
    keystead: Keystead, tmp_path: Path, given: tuple[str, str]
) -> None:
    name, secret = given
    data = tmp_path / "data"
    admin = answer(keystead("init", "--data", str(data), "--json"))
    assert not (data / "master.key").exists()
    assert not any(secret in path.read_text("latin-1") for path in data.iterdir())
    server = start(data, admin, "--workers", "2")
    try:
        folder = server.folder()
        assert server.account(folder["id"])["id"]
        # Of the server and its workers, as anybody on the machine can list them.
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        assert "keystead" in listed.stdout
        assert secret not in listed.stdout
        assert secret not in server.log.read_text()
    finally:
        server.stop()
    assert answer(keystead("doctor", "--data", str(data), "--json"))["ok"]
    assert answer(keystead("audit", "verify", "--data", str(data), "--json"))["intact"]
    if name == BY_FILE:
        # `init` has written down where the passphrase is.
        assert str(tmp_path / "phrase") in (data / "keystead.toml").read_text()


def test_two_sources_are_refused_and_both_are_named(
    keystead: Keystead, tmp_path: Path, given: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, secret = given
    other = BY_PHRASE if name == BY_TEXT else BY_TEXT
    monkeypatch.setenv(other, secret)
    for line in ("init", "doctor"):
        ended = keystead(line, "--data", str(tmp_path / "data"), "--json")
        told = error(ended)
        assert told["code"] == "misconfigured"
        assert name in str(told)
        assert other in str(told)
        assert secret not in ended.err
    assert not (tmp_path / "data").exists()
    assert keystead("serve", "--data", str(tmp_path / "data")).code == 9


@pytest.mark.parametrize("name", ["master_key", "master_passphrase"])
def test_a_secret_does_not_stand_in_the_settings(
    keystead: Keystead, tmp_path: Path, name: str
) -> None:
    keystead("init", "--data", str(tmp_path / "data"), "--json")
    with (tmp_path / "data" / "keystead.toml").open("a") as file:
        file.write(f'{name} = "{PHRASE}"\n')
    ended = keystead("serve", "--data", str(tmp_path / "data"))
    assert f"KEYSTEAD_{name.upper()}" in ended.err
    assert (ended.code, PHRASE in ended.err) == (9, False)


def test_a_short_passphrase_makes_no_installation(
    keystead: Keystead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BY_PHRASE, "hunter2")
    ended = keystead("init", "--data", str(tmp_path / "data"))
    assert (ended.code, "16 characters" in ended.err, "hunter2" in ended.err) == (9, True, False)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_or_absent_passphrase_is_told_what_is_needed(
    keystead: Keystead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    monkeypatch.setenv(BY_PHRASE, PHRASE)
    answer(keystead("init", "--data", str(data), "--json"))
    monkeypatch.setenv(BY_PHRASE, WRONG)
    for line in (("serve",), ("audit", "verify")):
        ended = keystead(*line, "--data", str(data))
        assert ended.code == 9
        assert "needs master key" in ended.err
        assert "passphrase" in ended.err
        assert WRONG not in ended.err
    monkeypatch.delenv(BY_PHRASE)
    ended = keystead("serve", "--data", str(data))
    assert (ended.code, BY_PHRASE in ended.err) == (9, True)
    monkeypatch.setenv(BY_TEXT, new_master_key_text().reveal())
    assert "needs master key" in keystead("serve", "--data", str(data)).err


def test_a_passphrase_does_not_open_what_a_file_does(
    keystead: Keystead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    answer(keystead("init", "--data", str(data), "--json"))
    monkeypatch.setenv(BY_PHRASE, PHRASE)
    ended = keystead("serve", "--data", str(data))
    assert (ended.code, "not made of a passphrase" in ended.err) == (9, True)


@pytest.mark.postgresql
def test_a_node_joins_and_a_store_is_moved_with_it(
    tmp_path: Path, given: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of processes of their own, as an operator has them: another node has nothing of the first."""
    require_server()
    del given
    first, second = tmp_path / "0", tmp_path / "1"
    command(*["init", "--json", "--data"], str(first))
    with own_database() as url:
        monkeypatch.setenv("KEYSTEAD_DATABASE_URL", url)
        command(*["migrate-store", "--json", "--data"], str(first))
        key = first / "keystead.toml"
        both = [KEYSTEAD, "join", "--data", str(second), "--master-key", str(key)]
        refused = subprocess.run(both, capture_output=True, text=True, check=False)
        assert (refused.returncode, "in one way" in refused.stderr) == (9, True)
        assert command(*["join", "--json", "--data"], str(second)) == {"node": 1}
        assert not (second / "master.key").exists()
        for data in (first, second):
            assert command(*["audit", "verify", "--json", "--data"], str(data))["intact"]


def command(*arguments: str) -> dict[str, object]:
    done = subprocess.run([KEYSTEAD, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))
