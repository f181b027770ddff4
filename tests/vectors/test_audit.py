"""The audit's bytes, digests, signatures and checkpoints, held still."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keystead.audit.chain import (
    GENESIS,
    Checkpoint,
    decode_checkpoint,
    encode_checkpoint,
    follow,
)
from keystead.audit.entry import decode_entry, encode_entry
from keystead.audit.event import Event
from keystead.crypto.audit_key import AuditKey

ENTRIES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("entries.json").read_text())
CHAIN: dict[str, Any] = json.loads(Path(__file__).with_name("chain.json").read_text())


@pytest.mark.parametrize("vector", ENTRIES, ids=lambda vector: vector["event"]["verb"])
def test_an_event_becomes_these_bytes_and_comes_back(vector: dict[str, Any]) -> None:
    event = msgspec.convert(vector["event"], Event)
    data = vector["bytes"].encode()
    assert encode_entry(vector["n"], event) == data
    assert decode_entry(data) == (vector["n"], event)


def test_the_chain_has_these_digests_and_signatures() -> None:
    key = AuditKey({1: bytes.fromhex(CHAIN["audit_key"])})
    head = GENESIS
    for entry, vector in zip(ENTRIES, CHAIN["heads"], strict=True):
        head = follow(head, entry["bytes"].encode())
        assert (head.n, head.digest.hex()) == (vector["n"], vector["digest"])
        key_n, mac = key.sign(*head)
        assert (key_n, mac.hex()) == (vector["key_n"], vector["mac"])
        checkpoint = Checkpoint(*head, key_n, mac)
        assert encode_checkpoint(checkpoint) == vector["checkpoint"]
        assert decode_checkpoint(vector["checkpoint"] + "\n") == checkpoint
