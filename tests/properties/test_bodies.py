"""Bodies, queries and cursors: whatever is sent is decoded or refused, never a fault."""

import json

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keystead.api.credentials.bodies import CredentialNew, CredentialQueryBody
from keystead.core.errors import Invalid
from keystead.web.bodies import decode_json
from keystead.web.query import decode_cursor, decode_query, encode_cursor, query_pairs

JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from([*CredentialNew.__struct_fields__, "owner", "Name", ""])
SORT = st.sampled_from(["-created_at", "name", "expires_at"])
# Nothing that is kept holds a NUL, so no page ends at one.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
POSITION = st.tuples(TEXT | st.none() | st.integers(-(2**61), 2**61), TEXT)


def nothing(_: object) -> tuple[()]:
    return ()


@given(st.binary(max_size=200))
@example(b'{"kind": "\xff"}')
@example(b'{"kind": "\\ud800", "name": "x", "expires_at": null}')
@example(b"[" * 100_000)
@example(b'{"a":' * 65 + b"1" + b"}" * 65)
@example(b'{"kind":1e999}')
@example(b"\xef\xbb\xbf{}")
def test_no_bytes_do_more_than_be_refused(body: bytes) -> None:
    try:
        made = decode_json(body, "application/json", CredentialNew, nothing)
    except Invalid:
        return
    assert isinstance(made, CredentialNew)
    # What was taken can be stored and answered: it is text in UTF-8.
    assert msgspec.json.encode(made)


@given(st.dictionaries(FIELDS, JSON_VALUE, max_size=6))
def test_every_wrong_field_is_named_and_no_value_repeated(sent: dict[str, object]) -> None:
    sent["description"] = "hunter2-hunter2"
    body = json.dumps(sent).encode()
    refused = refusal_of(body)
    if refused is None:
        return
    assert "hunter2" not in repr(refused.errors) + refused.detail
    if not refused.errors:
        return  # the text itself could not be read
    named = {_head(error.field) for error in refused.errors}
    unknown = {_head(name[:64]) for name in set(sent) - set(CredentialNew.__struct_fields__)}
    assert ({"kind", "name"} - set(sent)) | unknown <= named


def refusal_of(body: bytes) -> Invalid | None:
    try:
        decode_json(body, "application/json", CredentialNew, nothing)
    except Invalid as refused:
        return refused
    return None


def _head(field: str) -> str:
    return field.partition("[")[0].partition(".")[0]


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("Application/JSON", True),
        ("application/json; charset=utf-8", True),
        ('application/json;charset="UTF-8"', True),
        (" application/json ", True),
        ("", False),
        ("text/json", False),
        ("application/jsonp", False),
        ("application/json; charset=latin-1", False),
        ("application/json, text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("application/problem+json", False),
    ],
)
def test_only_json_in_utf8_is_taken(content_type: str, taken: bool) -> None:
    body = b'{"kind": "api_token", "name": "x", "expires_at": null}'
    if taken:
        assert decode_json(body, content_type, CredentialNew, nothing).name == "x"
        return
    with pytest.raises(Invalid) as refused:
        decode_json(body, content_type, CredentialNew, nothing)
    assert refused.value.code == "unsupported_media_type"


@given(st.binary(max_size=120) | st.text("abc=&%+;0123456789", max_size=60).map(str.encode))
@example(b"a=%ff")
@example(b"&" * 200)
@example(b"=" * 200)
@example(b"state=active&state=active")
def test_no_query_does_more_than_be_refused(raw: bytes) -> None:
    try:
        made = decode_query(query_pairs(raw), CredentialQueryBody, nothing)
    except Invalid:
        return
    assert isinstance(made, CredentialQueryBody)


@given(POSITION, SORT)
def test_a_cursor_reads_back_in_its_own_order_alone(position: tuple[str, str], sort: str) -> None:
    text = encode_cursor(position, sort)
    assert text is not None
    assert text.isascii()
    assert decode_cursor(text, sort, str, int, type(None)) == position
    with pytest.raises(Invalid):
        decode_cursor(text, f"{sort}!", str, int, type(None))


@given(st.text(max_size=80) | st.text("abcdefgABCDEF0123456789-_", max_size=80), SORT)
@example("W", "name")
@example("WyJuYW1lIiwxZTk5LCJ4Il0", "name")
def test_no_text_is_a_cursor_by_accident(text: str, sort: str) -> None:
    with pytest.raises(Invalid):
        decode_cursor(text, sort, str, int, type(None))


def test_after_the_last_page_there_is_no_cursor() -> None:
    assert encode_cursor(None, "name") is None
