"""Judging a JSON text beside its decoding: linear whatever is sent, and right where it is well-formed."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.core.errors import Invalid
from keystead.web.nesting import MAX_DEPTH, outside_strings, require_shallow, require_single

MEGABYTE: Final = 1_048_576

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@pytest.mark.parametrize(
    "hostile",
    [
        b'{"a": "' + b"x" * MEGABYTE,
        b'{"a": "' + b"\\" * MEGABYTE,
        b'{"a": "' + b'\\"' * (MEGABYTE // 2),
        b'"' * MEGABYTE,
        b'["' * (MEGABYTE // 2),
        b'"a"\\' * (MEGABYTE // 4),
        b"[]" * (MEGABYTE // 2),
    ],
    ids=["open", "escapes", "quotes escaped", "quotes", "brackets", "odd", "pairs"],
)
def test_a_megabyte_of_malice_is_judged_at_once(hostile: bytes) -> None:
    began = time.thread_time()
    with contextlib.suppress(Invalid):
        require_shallow(outside_strings(hostile))
    assert time.thread_time() - began < 0.5


@given(JSON, st.booleans())
def test_what_is_outside_of_strings_is_what_shapes_a_text(value: object, plain: bool) -> None:
    text = json.dumps(value, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    outside = outside_strings(text)
    assert b'"' not in outside
    assert outside.count(b"{") == text.count(b"{") - sum(map(_braces, _texts(value)))


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON))
def test_a_text_whose_names_stand_once_is_accepted(value: dict[str, object]) -> None:
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    if json.loads(text) == value:
        require_single(text, outside_strings(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('{"a": 1, "\\u0061": 2}', "a"),
        ('{"b": [{"c": {}, "d": 1, "c": {}}]}', "c"),
        ('{"a": "{\\":", "": 1, "": 2}', ""),
    ],
)
def test_a_name_that_stands_twice_is_refused_by_name(text: str, name: str) -> None:
    body = text.encode()
    with pytest.raises(Invalid) as refused:
        require_single(body, outside_strings(body))
    assert [error.field for error in refused.value.errors] == [name]


@pytest.mark.parametrize("pair", [b"[]", b"{}"])
def test_the_deepest_that_is_taken(pair: bytes) -> None:
    opening, closing = pair[:1], pair[1:]
    require_shallow(opening * MAX_DEPTH + closing * MAX_DEPTH + pair * MAX_DEPTH)
    with pytest.raises(Invalid):
        require_shallow(opening * (MAX_DEPTH + 1))


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    if isinstance(value, dict):
        return [*value, *(text for each in value.values() for text in _texts(each))]
    return []


def _braces(text: str) -> int:
    return text.count("{")
