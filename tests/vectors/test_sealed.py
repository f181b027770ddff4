"""Envelopes, wrapped keys and the master key file, held still."""

import json
from pathlib import Path
from typing import Any

import pytest

from keystead.crypto.envelope import OVERHEAD, Place, Sealer, seal_number
from keystead.crypto.keyring import MasterKey, read_master_key

ENVELOPES: dict[str, Any] = json.loads(Path(__file__).with_name("envelopes.json").read_text())
KEYRING: dict[str, Any] = json.loads(Path(__file__).with_name("keyring.json").read_text())
KEYS = {int(n): bytes.fromhex(key) for n, key in ENVELOPES["keys"].items()}


@pytest.mark.parametrize(
    "vector", ENVELOPES["envelopes"], ids=lambda vector: f"version-{vector['version']}"
)
def test_an_old_envelope_opens(vector: dict[str, Any]) -> None:
    place = Place(vector["table"], vector["row"], vector["column"], vector["version"])
    envelope, plaintext = bytes.fromhex(vector["envelope"]), bytes.fromhex(vector["plaintext"])
    assert seal_number(envelope) == vector["seal_number"]
    assert Sealer(KEYS).open(place, envelope) == plaintext
    assert len(envelope) == len(plaintext) + OVERHEAD


def test_the_master_key_has_its_id() -> None:
    assert MasterKey(bytes.fromhex(KEYRING["master"])).key_id == KEYRING["key_id"]


def test_an_old_master_key_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    path.write_text(KEYRING["file"])
    assert read_master_key(path).key_id == KEYRING["key_id"]


@pytest.mark.parametrize("vector", KEYRING["wrapped"], ids=lambda vector: vector["purpose"])
def test_an_old_wrapped_key_opens(vector: dict[str, Any]) -> None:
    master = MasterKey(bytes.fromhex(KEYRING["master"]))
    wrapped = bytes.fromhex(vector["wrapped"])
    assert master.unwrap(vector["purpose"], vector["n"], wrapped).hex() == vector["key"]
