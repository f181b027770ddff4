import hashlib
import re

import pytest

from keystead.audit.chain import (
    ENTRIES,
    NODES,
    Head,
    SearchColumns,
    SignedHead,
    decode_checkpoint,
    encode_checkpoint,
    event_id,
    follow,
    genesis,
)
from keystead.audit.event import Event, ObjectRef
from keystead.core.actor import Actor
from keystead.core.clock import Instant
from keystead.core.errors import Invalid

CHECKPOINT = SignedHead(7, 12, bytes(range(32)), 1, bytes(range(32, 64)))
LINE = encode_checkpoint(CHECKPOINT)


def test_a_chain_begins_with_its_nodes_own_digest() -> None:
    said = b"keystead audit chain 1\0" + bytes([0, 0, 1, 2])
    assert genesis(258) == Head(258, 0, hashlib.sha256(said).digest())
    assert len({genesis(node).digest for node in range(100)}) == 100


def test_an_event_has_an_id_unlike_any_other() -> None:
    corners = [(node, n) for node in (0, 1, NODES - 1) for n in (1, 2, ENTRIES - 1)]
    ids = [event_id(node, n) for node, n in corners]
    assert len(set(ids)) == len(corners)
    assert all(re.fullmatch("evt_[0-9A-Za-z]{12}", one) for one in ids)
    assert ids[0] == "evt_000000000001"


def test_each_digest_is_over_the_one_before_it_and_the_bytes() -> None:
    first = follow(genesis(0), b"one")
    second = follow(first, b"two")
    assert first == Head(0, 1, hashlib.sha256(genesis(0).digest + b"one").digest())
    assert second == Head(0, 2, hashlib.sha256(first.digest + b"two").digest())


def test_search_columns_are_copies_and_absent_things_are_empty() -> None:
    event = Event(
        at=Instant(5),
        actor=Actor("own_a", "cred_b", "api_token"),
        verb="secret.read",
        object=ObjectRef("account", "acct_c", "db"),
        decision="refused",
        code="network_denied",
        rule="",
        address="",
        asserted_by="",
        request_id="",
        agent="",
    )
    assert SearchColumns.of(event) == SearchColumns(
        5, "secret.read", "own_a", "cred_b", "account", "acct_c", "refused"
    )
    bare = SearchColumns(5, "secret.read", "own_a", "cred_b", "", "", "refused")
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    assert SearchColumns.of(Event(**(fields | {"object": None}))) == bare


def test_a_checkpoint_is_one_line() -> None:
    assert LINE.isascii()
    assert len(LINE.splitlines()) == 1
    assert decode_checkpoint(f"  {LINE}\r\n") == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(LINE.replace("ksac1", "ksac2"), id="another-mark"),
        pytest.param(LINE[:-1], id="cut"),
        pytest.param(LINE + " 1", id="longer"),
        pytest.param(LINE + "\n" + LINE, id="two-lines"),
        pytest.param(LINE.replace("ksac1 7 12", "ksac1 7 -2"), id="negative"),
        pytest.param(LINE.replace("ksac1 7 12", "ksac1 12"), id="no-node"),
        pytest.param(LINE.replace("ksac1 7 12", "ksac1 7 ١٢"), id="digits-that-are-not-ascii"),
        pytest.param(LINE.upper(), id="capitals"),
    ],
)
def test_another_text_is_no_checkpoint(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_checkpoint(text)
    assert "begins with ksac1" in caught.value.detail
