"""A master key that a PKCS#11 token wraps: SoftHSM, a token in software."""

import json
import os
import subprocess
from pathlib import Path
from secrets import token_hex

import pytest

from tests.running import KEYSTEAD, installed, start

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "3141-5926"
Given = dict[str, str]

# A module of the interpreter's process remembers its tokens; so whatever makes a key runs by itself.
MAKE_KEY = """
import sys, pkcs11
token = pkcs11.lib(sys.argv[1]).get_token(token_label="house")
with token.open(rw=True, user_pin=sys.argv[2]) as session:
    may = pkcs11.MechanismFlag.WRAP | pkcs11.MechanismFlag.UNWRAP
    session.generate_key(pkcs11.KeyType.AES, 256, label=sys.argv[3], store=True, capabilities=may)
"""


def uri(label: str, more: str = "") -> str:
    return f"pkcs11:token=house;object={label}?module-path={MODULE}{more}"


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """The variables of an installation whose key is in a token with two keys."""
    if not MODULE.exists():
        pytest.skip("SoftHSM is absent; `make services` installs it")
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    config = tmp_path / "softhsm.conf"
    config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(config))
    made = ["softhsm2-util", "--init-token", "--free", "--label", "house"]
    subprocess.run([*made, "--pin", PIN, "--so-pin", PIN], check=True, capture_output=True)
    for label in ("first", "second"):
        python = str(Path(KEYSTEAD).with_name("python"))
        words = [python, "-c", MAKE_KEY, str(MODULE), PIN, label]
        subprocess.run(words, check=True)
    return {"KEYSTEAD_MASTER_PKCS11": uri("first"), "KEYSTEAD_MASTER_PIN": PIN}


def command(*words: str, given: Given | None = None, code: int = 0) -> dict[str, object]:
    done = subprocess.run(
        [KEYSTEAD, *words, "--json"],
        env=os.environ | (given or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert PIN not in done.stdout + done.stderr
    return dict(json.loads(done.stderr)["error"] if code else json.loads(done.stdout))


def test_an_installation_is_made_served_and_rotated(tmp_path: Path, given: Given) -> None:
    data = tmp_path / "data"
    pin = {"KEYSTEAD_MASTER_PIN": PIN}
    admin = command("init", "--data", str(data), given=given)
    assert not (data / "master.key").exists()
    # `init` has written down which key it is, and not its PIN.
    assert uri("first") in (data / "keystead.toml").read_text()
    assert PIN not in (data / "keystead.toml").read_text()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEYSTEAD_MASTER_PIN", PIN)
        server = start(data, {key: str(value) for key, value in admin.items()}, "--workers", "2")
    try:
        folder = server.folder(name=token_hex(8))
        first = command("master-key", "rotate", "--data", str(data), given=pin)
        assert server.account(folder["id"])["id"]
    finally:
        server.stop()
    new = ("--pkcs11", uri("second"))
    new_pin = {"KEYSTEAD_NEW_MASTER_PIN": PIN}
    second = command("master-key", "rotate", "--data", str(data), *new, given=pin | new_pin)
    assert second["replaced"] == first["master_key"]
    assert command("doctor", "--data", str(data), given=pin)["ok"]
    # The key that wrapped it before does not open it.
    told = command("audit", "verify", "--data", str(data), given=given, code=9)
    assert "another one" in str(told)
    command("master-key", "rotate", "--to", "file", "--data", str(data), given=pin)
    assert command("doctor", "--data", str(data))["ok"]


def test_it_comes_from_a_file_and_the_pin_may_too(tmp_path: Path, given: Given) -> None:
    data, file = tmp_path / "data", tmp_path / "pin"
    installed(data)
    file.touch(0o600)
    file.write_text(f"{PIN}\n")
    to = ("--to", "pkcs11", "--pkcs11", uri("first", f"&pin-source=file:{file}"))
    command("master-key", "rotate", "--data", str(data), *to)
    assert not (data / "master.key").exists()
    assert command("audit", "verify", "--data", str(data))["intact"]
    told = command("audit", "verify", "--data", str(data), given=given | {"KEYSTEAD_NODE": "0"})
    assert told["intact"], "the environment comes first"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"KEYSTEAD_MASTER_PIN": "0000"}, "PinIncorrect"),
        ({"KEYSTEAD_MASTER_PKCS11": uri("third")}, "NoSuchKey"),
        ({"KEYSTEAD_MASTER_PKCS11": uri("first").replace("house", "shed")}, "NoSuchToken"),
        ({"KEYSTEAD_MASTER_PKCS11": uri("first").replace("libsoft", "libhard")}, "cannot be used"),
        ({"KEYSTEAD_MASTER_PKCS11": "pkcs11:token=house"}, "must be a URI"),
        ({"KEYSTEAD_MASTER_PKCS11": uri("first", "&pin-value=1")}, "must be a URI"),
        ({"KEYSTEAD_MASTER_PKCS11": uri("first", "&pin-source=/x")}, "in one way"),
        ({"KEYSTEAD_MASTER_PASSPHRASE": "correct horse battery"}, "one of them alone"),
    ],
)
def test_what_is_wrong_with_a_token_is_said(
    tmp_path: Path, given: Given, wrong: Given, told: str
) -> None:
    error = command("init", "--data", str(tmp_path / "data"), given=given | wrong, code=9)
    assert told in str(error)
    assert not (tmp_path / "data").exists()


def test_a_token_opens_no_other_installation(tmp_path: Path, given: Given) -> None:
    data = tmp_path / "data"
    installed(data)
    told = command("audit", "verify", "--data", str(data), given=given, code=9)
    assert "not wrapped by a token" in str(told)
    pin = {"KEYSTEAD_MASTER_PIN": PIN}
    assert "no effect" in str(command("audit", "verify", "--data", str(data), given=pin, code=9))
