"""The commands on the keyring, beside a server that works."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from secrets import token_hex

import pytest

from keystead.crypto.envelope import SEALS_PER_KEY
from tests.cli.conftest import Keystead, answer, error
from tests.running import KEYSTEAD, installed, running, start


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    installed(made)
    return made


def test_a_seal_key_is_rotated_beside_a_server(keystead: Keystead, tmp_path: Path) -> None:
    data = tmp_path / "served"
    with running(data, "--workers", "2") as server:
        folder = server.folder(name=token_hex(8))
        account = server.account(folder["id"])
        path = f"/api/v1/accounts/{account['id']}/secret"
        assert answer(keystead("keyring", "rotate", "seal", "--data", str(data), "--json")) == {
            "purpose": "seal",
            "n": 2,
        }
        for _ in range(6):
            told = server.call("GET", path).json()
            assert told["fields"]["password"] == "pass-word"
            assert server.account(folder["id"])["id"]
        done = answer(keystead("keyring", "reseal", "--data", str(data), "--json"))
        assert done["sealed"] >= 2
        assert (done["broken"], done["left"]) == (0, [])
        told = server.call("GET", path).json()
        assert told["fields"]["password"] == "pass-word"
        listed = answer(keystead("keyring", "list", "--data", str(data), "--json"))["items"]
        assert [(key["purpose"], key["n"]) for key in listed] == [
            ("audit", 1),
            ("pepper", 1),
            ("seal", 2),
        ]
        assert server.call("GET", "/.well-known/jwks.json").json()["keys"]
    assert answer(keystead("doctor", "--data", str(data), "--json"))["ok"]
    assert answer(keystead("audit", "verify", "--data", str(data), "--json"))["intact"]


def test_a_pepper_is_rotated_and_old_tokens_go_on(keystead: Keystead, tmp_path: Path) -> None:
    data = tmp_path / "served"
    with running(data, "--workers", "2") as server:
        said = keystead("keyring", "rotate", "pepper", "--data", str(data))
        assert said.out == "pepper: key 2 is in use\n"
        token, _ = server.token("accounts:list")
        for presented in (token, server.admin_token):
            for _ in range(4):
                assert server.call("GET", "/api/v1/whoami", token=presented).status == 200
        done = keystead("keyring", "reseal", "--data", str(data))
        assert "pepper_1 is still needed" in done.err


def test_the_list_and_the_doctor_tell_of_the_keys(keystead: Keystead, data: Path) -> None:
    assert keystead("keyring", "rotate", "seal", "--data", str(data)).code == 0
    assert "seal" in keystead("keyring", "list", "--data", str(data)).out
    told = keystead("doctor", "--data", str(data))
    assert "seal key 2 has sealed" in told.out
    assert "still needed: seal 1" in told.out
    connection = sqlite3.connect(data / "keystead.db")
    with connection:
        connection.execute("UPDATE keyring SET seals = ? WHERE n = 2", (SEALS_PER_KEY // 2,))
    connection.close()
    told = keystead("doctor", "--data", str(data))
    assert (told.code, "keystead keyring rotate seal" in told.out) == (9, True)


def test_servers_that_cannot_read_the_new_master_key_are_to_be_started_again_first(
    keystead: Keystead, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = "Start them again with it before you rotate a seal key or a pepper."
    assert again not in keystead("master-key", "rotate", "--data", str(data)).err
    monkeypatch.setenv("KEYSTEAD_NEW_MASTER_KEY", keystead("master-key", "new").out.strip())
    words = ("master-key", "rotate", "--data", str(data), "--to", "environment")
    assert again in keystead(*words).err


@pytest.mark.parametrize("purpose", ["audit", "master", ""])
def test_no_other_key_is_rotated(keystead: Keystead, data: Path, purpose: str) -> None:
    ended = keystead("keyring", "rotate", purpose, "--data", str(data), "--json")
    assert (ended.code, error(ended)["code"]) == (2, "usage")


def test_a_value_that_does_not_open_is_told_of(keystead: Keystead, data: Path) -> None:
    connection = sqlite3.connect(data / "keystead.db")
    with connection:
        connection.execute("UPDATE signing_keys SET sealed = CAST(sealed || x'00' AS BLOB)")
    connection.close()
    assert keystead("keyring", "rotate", "seal", "--data", str(data)).code == 0
    ended = keystead("keyring", "reseal", "--data", str(data))
    assert (ended.code, "do not open" in ended.err) == (9, True)
    assert "seal_1 is still needed" in ended.err


def test_a_kill_while_sealing_anew_costs_nothing(keystead: Keystead, tmp_path: Path) -> None:
    data = tmp_path / "served"
    admin = installed(data)
    server = start(data, admin)
    folder = server.folder(name=token_hex(8))
    made = [server.account(folder["id"])["id"] for _ in range(60)]
    assert keystead("keyring", "rotate", "seal", "--data", str(data)).code == 0
    script = (
        "import os, signal, sys\n"
        "from keystead.store.rows.sealed import SealedRows\n"
        "from keystead.cli.app import run\n"
        "put, left = SealedRows.seal_anew, [30]\n"
        "async def dying(*arguments):\n"
        "    left[0] -= 1\n"
        "    if left[0] < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return await put(*arguments)\n"
        "SealedRows.seal_anew = dying\n"
        "run(sys.argv[1:])\n"
    )
    words = ["keyring", "reseal", "--data", str(data)]
    ended = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, check=False, env=os.environ
    )
    assert ended.returncode == -signal.SIGKILL
    done = subprocess.run([KEYSTEAD, *words, "--json"], capture_output=True, check=True)
    told = json.loads(done.stdout)
    assert told["left"] == []
    assert told["sealed"] < 60 + 61, "what had been done was not done again"
    for account_id in made:
        found = server.call("GET", f"/api/v1/accounts/{account_id}/secret").json()
        assert found["fields"]["password"] == "pass-word"
    server.stop()
