"""The audit's bytes, digests, signatures and checkpoints, held still."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keystead.audit.chain import (
    Head,
    SignedHead,
    decode_checkpoint,
    encode_checkpoint,
    event_id,
    follow,
    genesis,
)
from keystead.audit.entry import decode_entry, encode_entry
from keystead.audit.event import Event
from keystead.audit.joins import facts_of, heads_in
from keystead.crypto.audit_key import AuditKey

ENTRIES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("entries.json").read_text())
CHAIN: dict[str, Any] = json.loads(Path(__file__).with_name("chain.json").read_text())


@pytest.mark.parametrize("vector", ENTRIES, ids=lambda vector: f"{vector['node']}-{vector['n']}")
def test_an_event_becomes_these_bytes_and_comes_back(vector: dict[str, Any]) -> None:
    event = msgspec.convert(vector["event"], Event)
    data = vector["bytes"].encode()
    assert encode_entry(vector["node"], vector["n"], event) == data
    assert decode_entry(data) == (vector["node"], vector["n"], event)


def test_each_nodes_chain_begins_with_this_digest() -> None:
    for vector in CHAIN["geneses"]:
        assert genesis(vector["node"]) == Head(vector["node"], 0, bytes.fromhex(vector["digest"]))


def test_the_chains_have_these_ids_digests_and_signatures() -> None:
    key = AuditKey({1: bytes.fromhex(CHAIN["audit_key"])})
    heads: dict[int, Head] = {}
    for entry, vector in zip(ENTRIES, CHAIN["heads"], strict=True):
        node = vector["node"]
        head = heads[node] = follow(heads.get(node) or genesis(node), entry["bytes"].encode())
        assert head == Head(node, vector["n"], bytes.fromhex(vector["digest"]))
        assert event_id(node, head.n) == vector["event_id"]
        key_n, mac = key.sign(*head)
        assert (key_n, mac.hex()) == (vector["key_n"], vector["mac"])
        checkpoint = SignedHead(*head, key_n, mac)
        assert encode_checkpoint(checkpoint) == vector["checkpoint"]
        assert decode_checkpoint(vector["checkpoint"] + "\n") == checkpoint


def test_a_cut_has_a_signature_that_is_none_of_a_head() -> None:
    key = AuditKey({1: bytes.fromhex(CHAIN["audit_key"])})
    for vector in CHAIN["cuts"]:
        digest, mac = bytes.fromhex(vector["digest"]), bytes.fromhex(vector["mac"])
        place = (vector["node"], vector["n"], digest)
        assert key.sign_cut(*place) == (vector["key_n"], mac)
        assert key.check_cut(*place, vector["key_n"], mac)
        assert not key.check(*place, vector["key_n"], mac)
        assert not key.check_cut(*place, *key.sign(*place))


def test_what_one_chain_joins_of_another_is_that_ones_checkpoint() -> None:
    joining = msgspec.convert(ENTRIES[-1]["event"], Event)
    (head,) = heads_in(joining)
    (joined,) = [v for v in CHAIN["heads"] if (v["node"], v["n"]) == (head.node, head.n)]
    assert joining.facts == {"chain 0": joined["checkpoint"]} == facts_of([head])
    assert AuditKey({1: bytes.fromhex(CHAIN["audit_key"])}).check(*head)
