"""Forms, and the proofs in them: whatever is sent is decoded or refused, never a fault."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keystead.api.oauth.clients import proof_in
from keystead.api.oauth.forms import TokenForm
from keystead.core.arrival import Presented
from keystead.core.errors import Invalid
from keystead.core.secret import Secret
from keystead.web.forms import FORM, decode_form

# What UTF-8 can spell.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.sampled_from([*TokenForm.__struct_fields__, "unknown", "Scope", ""])
VALUE = TEXT.filter(bool)


@given(st.binary(max_size=300), st.sampled_from([FORM, f"{FORM};charset=utf-8", "", "text/plain"]))
@example(b"scope=%", FORM)
@example(b"scope=%zz&resource=%u0041", FORM)
@example(b"&&=&==&scope", FORM)
@example(b"scope=%ff", FORM)
@example(b"\xff\xfe", FORM)
@example(b"a=1&" * 300, FORM)
@example(b"scope=%00", FORM)
def test_no_bytes_do_more_than_be_refused(body: bytes, media: str) -> None:
    try:
        found = decode_form(body, media, TokenForm)
    except Invalid:
        return
    assert isinstance(found, TokenForm)


@given(st.lists(st.tuples(NAMES, TEXT), max_size=8))
def test_a_parameter_is_what_was_sent_or_is_refused_for_standing_twice(
    pairs: list[tuple[str, str]],
) -> None:
    body = urlencode(pairs).encode()
    names = [name for name, _ in pairs if name in TokenForm.__struct_fields__]
    twice = {name for name in names if names.count(name) > 1} - {"resource"}
    if twice:
        with pytest.raises(Invalid) as caught:
            decode_form(body, FORM, TokenForm)
        assert any(name in caught.value.detail for name in twice)
        return
    found = decode_form(body, FORM, TokenForm)
    sent = {name: value for name, value in pairs if value}
    for name in ("grant_type", "scope", "client_id"):
        assert getattr(found, name) == sent.get(name)
    assert found.resource == tuple(value for name, value in pairs if name == "resource" and value)
    secret = sent.get("client_secret")
    assert found.client_secret == (None if secret is None else Secret(secret))


@given(st.dictionaries(NAMES, VALUE, max_size=6))
def test_no_refusal_and_no_repr_holds_a_secret(sent: dict[str, str]) -> None:
    body = urlencode({**sent, "client_secret": "hunter2-hunter2"}).encode()
    found = decode_form(body, FORM, TokenForm)
    assert "hunter2" not in repr(found)
    with pytest.raises(Invalid) as caught:
        decode_form(body + b"&client_secret=hunter2", FORM, TokenForm)
    assert "hunter2" not in caught.value.detail


PROOF = st.none() | st.builds(
    Presented, TEXT.map(Secret), st.sampled_from(["bearer", "token", "unknown", "x-api-key"])
) | st.builds(Presented, TEXT.map(Secret), st.just("basic"), TEXT)  # fmt: skip


@given(PROOF, st.none() | VALUE, st.none() | VALUE, st.booleans())
def test_one_way_of_proof_and_the_client_that_is_named(
    header: Presented | None, client_id: str | None, secret: str | None, bearers: bool
) -> None:
    form = TokenForm(client_id=client_id, client_secret=None if secret is None else Secret(secret))
    try:
        proof = proof_in(form, header, bearers=bearers, issuer="https://keys.example")
    except Invalid:
        mixed = header is not None and secret is not None
        nameless = secret is not None and client_id is None
        other = header is not None and header.scheme == "basic" and client_id != header.identity
        assert mixed or nameless or other
        return
    if header is None and secret is None:
        assert proof.presented is None
        return
    assert proof.presented is not None
    if secret is not None:
        assert proof.presented == Presented(Secret(secret), "basic", client_id)
    elif header is not None and (bearers or header.scheme == "basic"):
        assert proof.presented == header
    else:
        # It is a proof of nothing here, and no silence.
        assert proof.presented.mark == Secret("")
