"""Whatever a server answers, the client gives a record or one of its own errors."""

import contextlib
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead_client import (
    Answer,
    Call,
    KeysteadError,
    Secret,
    accounts,
    apis,
    audit,
    credentials,
    folders,
    owners,
    settings,
    signing_keys,
    verification,
)
from keystead_client._core.exchange import read, refusal_in
from tests.client.peer import CREDENTIAL

CALLS: list[Call[object]] = [
    accounts.fetch("acct_1"),
    accounts.find(),
    accounts.versions("acct_1"),
    apis.get("api_1"),
    apis.edit("api_1"),
    apis.preview_delete("api_1"),
    audit.find(),
    credentials.create("x", expires_at=None),
    credentials.get("cred_1"),
    credentials.secrets("cred_1"),
    credentials.usage("cred_1"),
    credentials.whoami(),
    folders.find(),
    owners.find(),
    settings.edit(),
    settings.get(),
    signing_keys.find(),
    signing_keys.rotate("ES256"),
    verification.verify(Secret("x")),
]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def heard(call: Call[object], answer: Answer) -> object:
    refusal = refusal_in(answer)
    if refusal is not None:
        raise refusal
    return read(call, answer)


def expect_a_record_or_an_error(call: Call[object], answer: Answer) -> None:
    with contextlib.suppress(KeysteadError):
        heard(call, answer)


@given(
    st.sampled_from(CALLS),
    st.sampled_from([200, 201, 307, 400, 404, 500]),
    st.sampled_from(["application/json", "application/problem+json"]),
    st.binary() | JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_body_is_read_or_refused(
    call: Call[object], status: int, media: str, body: bytes
) -> None:
    expect_a_record_or_an_error(call, Answer(status, {"content-type": media}, body))


@given(st.dictionaries(st.sampled_from(sorted(CREDENTIAL)), JSON))
def test_any_wrong_field_is_refused(wrong: Mapping[str, object]) -> None:
    body = json.dumps({**CREDENTIAL, **wrong}).encode()
    expect_a_record_or_an_error(credentials.get("cred_1"), Answer(200, {}, body))


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-22T03:00:00"]
)
def test_an_instant_that_utc_cannot_hold_is_refused(text: str) -> None:
    body = json.dumps({**CREDENTIAL, "created_at": text}).encode()
    with pytest.raises(KeysteadError, match="created_at"):
        heard(credentials.get("cred_1"), Answer(200, {}, body))


@given(st.text(min_size=1))
def test_any_id_stays_within_its_segment(text: str) -> None:
    try:
        path = credentials.get(text).path
    except ValueError:
        # The dotted names, and halves of surrogate pairs, which no URL can hold.
        assert text in {".", ".."} or any("\ud800" <= c <= "\udfff" for c in text)
        return
    assert path.startswith("/credentials/")
    assert path.count("/") == 2
    assert path.isascii()
    assert not set(path) & set("?#% ") - {"%"}
