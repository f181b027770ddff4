import msgspec
import pytest

from keystead.audit.entry import decode_entry, encode_entry
from keystead.audit.errors import BrokenEntry
from keystead.audit.event import Event, ObjectRef
from keystead.core.actor import SYSTEM
from keystead.core.clock import Instant
from keystead.core.secret import Secret

EVENT = Event(
    at=Instant(1_798_761_600_000_000),
    actor=SYSTEM,
    verb="credential.expire",
    object=ObjectRef("credential", "cred_0123456789Az", "nightly"),
    decision="allowed",
    code="ok",
    rule="ok",
    address="",
    asserted_by="",
    request_id="req_0123456789Az",
    agent="",
)


def test_the_order_in_which_facts_were_told_does_not_matter() -> None:
    one = msgspec.structs.replace(EVENT, facts={"version": 3, "field": "password"})
    other = msgspec.structs.replace(EVENT, facts={"field": "password", "version": 3})
    assert encode_entry(0, 1, one) == encode_entry(0, 1, other)


def test_a_secret_cannot_become_a_fact() -> None:
    event = msgspec.structs.replace(EVENT, facts={"password": Secret("correct horse")})
    with pytest.raises(TypeError) as caught:
        encode_entry(0, 1, event)
    assert "correct horse" not in str(caught.value)


def test_an_entry_of_a_later_version_with_more_fields_is_read() -> None:
    data = encode_entry(0, 1, EVENT)
    later = data.replace(b'"facts":null', b'"facts":null,"more":"b"')
    assert later != data
    assert decode_entry(later) == (0, 1, EVENT)


def test_an_entry_of_an_unknown_form_is_refused_by_its_mark() -> None:
    with pytest.raises(BrokenEntry, match="unknown form 2"):
        decode_entry(encode_entry(0, 1, EVENT).replace(b'"v":1', b'"v":2'))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no-fields"),
        pytest.param(b"canary", id="no-json"),
        pytest.param(b'{"v":1,"node":0,"n":"canary"}', id="another-type"),
        pytest.param(b"\xff" + encode_entry(0, 1, EVENT), id="not-utf-8"),
        pytest.param(
            encode_entry(0, 1, EVENT).replace(b"nightly", b"night\xff"), id="not-utf-8-inside"
        ),
        pytest.param(
            encode_entry(0, 1, EVENT).replace(b"allowed", b"canary"), id="no-such-decision"
        ),
        pytest.param(encode_entry(0, 1, EVENT).replace(b'"node":0,', b""), id="no-node"),
        pytest.param(encode_entry(2**23, 1, EVENT), id="node-too-large"),
        pytest.param(encode_entry(-1, 1, EVENT), id="node-negative"),
        pytest.param(encode_entry(0, 2**48, EVENT), id="number-too-large"),
        pytest.param(encode_entry(0, 0, EVENT), id="number-zero"),
        pytest.param(
            b'{"v":1,"node":0,"n":1,"x":' + b"[" * 5000 + b"]" * 5000 + b"}",
            id="nested-without-end",
        ),
    ],
)
def test_bytes_that_are_no_entry_are_refused_and_not_repeated(data: bytes) -> None:
    with pytest.raises(BrokenEntry) as caught:
        decode_entry(data)
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__
