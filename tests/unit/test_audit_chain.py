import hashlib

import pytest

from keystead.audit.chain import (
    GENESIS,
    Checkpoint,
    Head,
    SearchColumns,
    decode_checkpoint,
    encode_checkpoint,
    follow,
)
from keystead.audit.event import Event, ObjectRef
from keystead.core.actor import Actor
from keystead.core.clock import Instant
from keystead.core.errors import Invalid

CHECKPOINT = Checkpoint(12, bytes(range(32)), 1, bytes(range(32, 64)))
LINE = encode_checkpoint(CHECKPOINT)


def test_a_chain_begins_with_nothing() -> None:
    assert Head(0, bytes(32)) == GENESIS


def test_each_digest_is_over_the_one_before_it_and_the_bytes() -> None:
    first = follow(GENESIS, b"one")
    second = follow(first, b"two")
    assert first == Head(1, hashlib.sha256(bytes(32) + b"one").digest())
    assert second == Head(2, hashlib.sha256(first.digest + b"two").digest())


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
        pytest.param(LINE.replace("ksac1 12", "ksac1 -2"), id="negative"),
        pytest.param(LINE.replace("ksac1 12", "ksac1 ١٢"), id="digits-that-are-not-ascii"),
        pytest.param(LINE.upper(), id="capitals"),
    ],
)
def test_another_text_is_no_checkpoint(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_checkpoint(text)
    assert "begins with ksac1" in caught.value.detail
