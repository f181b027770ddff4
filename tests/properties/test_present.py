"""Reading who comes, out of any headers."""

from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keystead.core.clock import Instant
from keystead.core.errors import Invalid
from keystead.web.present import (
    SESSION_COOKIES,
    arrive,
    credential_in,
    session_in,
    token_in_url,
)

NAMES = st.sampled_from([b"authorization", b"x-api-key", b"authtoken", b"accept", b"cookie"])
VALUES = st.binary(max_size=60) | st.sampled_from(
    [b"Bearer x", b"bearer  x ", b"Token x", b"Token token=x", b'Token token="x"', b"Basic eDp5"]
)
HEADERS = st.lists(st.tuples(NAMES | st.binary(max_size=12), VALUES), max_size=6)
PRESENTING = {b"authorization", b"x-api-key", b"authtoken"}
WORD = st.text("abcXYZ019_-.~+/", min_size=1, max_size=30)


class Noon:
    def now(self) -> Instant:
        return Instant(43_200_000_000)


@given(HEADERS)
def test_no_headers_do_more_than_be_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assume(not any(_is_unreadable(name, value) for name, value in headers))
    count = sum(name in PRESENTING for name, _ in headers)
    if count > 1:
        with pytest.raises(Invalid) as refused:
            credential_in(headers)
        assert "one credential" in refused.value.detail
        return
    assert (credential_in(headers) is None) == (count == 0)


def _is_unreadable(name: bytes, value: bytes) -> bool:
    scheme = value.strip().lower()
    return name == b"authorization" and scheme.startswith(b"basic") and scheme != b"basic edp5"


@given(st.text(max_size=40).filter(lambda t: ":" not in t), st.text(max_size=80))
def test_a_pair_comes_out_as_it_was_form_encoded(identity: str, secret: str) -> None:
    for encode in (quote_plus, lambda text: quote(text, safe="")):
        pair = b64encode(f"{encode(identity)}:{encode(secret)}".encode())
        found = credential_in([(b"authorization", b"bAsIc " + pair)])
        assert found is not None
        assert (found.identity, found.mark.reveal(), found.scheme) == (identity, secret, "basic")
        assert identity not in repr(found) or len(identity) < 8


@given(st.binary(max_size=60) | st.binary(max_size=60).map(b64encode))
def test_whatever_comes_as_a_pair_is_read_or_refused_and_not_repeated(raw: bytes) -> None:
    refused, found = None, None
    try:
        found = credential_in([(b"authorization", b"Basic " + raw)])
    except Invalid as error:
        refused = error
    if found is None:
        assert refused is not None
        assert refused.detail == "Basic takes base64 of id:secret, in UTF-8"
        assert refused.__cause__ is None
    else:
        assert (found.scheme, found.identity is None) == ("basic", False)


@given(st.lists(st.tuples(st.sampled_from([b"cookie", b"accept"]), VALUES), max_size=4))
def test_only_a_sessions_cookie_is_one(headers: list[tuple[bytes, bytes]]) -> None:
    assert session_in(headers) is None
    for name in SESSION_COOKIES:
        found = session_in([*headers, (b"cookie", f"a=b; {name}=x=y; c".encode())])
        assert found is not None
        assert (found.mark.reveal(), found.scheme) == ("x=y", "cookie")
        assert session_in([(b"cookie", f"a{name}=x; {name}2=y".encode())]) is None


@given(WORD, st.sampled_from(["bearer", "Bearer", "BEARER", "token", "Token"]), st.integers(1, 3))
def test_each_dialect_brings_the_same_token(token: str, scheme: str, spaces: int) -> None:
    assume("=" not in token)
    plain = [(b"authorization", f"{scheme}{' ' * spaces}{token} ".encode())]
    own = [(b"x-api-key", f" {token}".encode())]
    found = [
        credential_in(plain),
        credential_in(own),
        credential_in([(b"authtoken", token.encode())]),
    ]
    forms = ("token={}", 'token="{}"', "Token = {}")
    values = [f"Token {form.format(token)}".encode() for form in forms]
    found += [credential_in([(b"authorization", value)]) for value in values]
    assert [None if each is None else each.mark.reveal() for each in found] == [token] * len(found)


@given(st.binary(max_size=40), st.binary(max_size=20))
def test_a_scheme_that_is_not_spoken_presents_nothing_good(scheme: bytes, rest: bytes) -> None:
    assume(not scheme.lower().lstrip().startswith((b"bearer", b"token", b"basic")))
    found = credential_in([(b"authorization", scheme + b" " + rest)])
    assert found is not None
    assert not found.mark.size


@given(
    st.text(max_size=80),
    st.lists(st.tuples(st.text(max_size=12), st.text(max_size=70)), max_size=5),
)
def test_looking_for_a_token_in_a_url_never_fails(path: str, pairs: list[tuple[str, str]]) -> None:
    found = token_in_url(path, pairs)
    assert found is None or found.reveal() in {path, *(text for pair in pairs for text in pair)}


@pytest.mark.parametrize("name", ["token", "access_token", "authtoken", "API_KEY", "X-API-Key"])
def test_a_parameter_named_like_a_token_is_one(name: str) -> None:
    found = token_in_url("/", [("q", "x"), (name, "anything")])
    assert found is not None
    assert found.reveal() == "anything"


@given(
    HEADERS,
    st.none() | st.tuples(st.text(max_size=20) | st.ip_addresses().map(str), st.just(1)),
    st.binary(max_size=300),
)
def test_an_arrival_is_made_of_whatever_comes(
    headers: list[tuple[bytes, bytes]], client: tuple[str, int] | None, agent: bytes
) -> None:
    sent = [*headers, (b"user-agent", agent)]
    scope = {"headers": sent, "client": client, "scheme": "http"}
    try:
        presented = credential_in(sent)
    except Invalid:
        presented = None
    arrival = arrive(scope, presented, Noon(), "req_x", plain_beyond=False)
    assert len(arrival.agent) <= 200
    assert arrival.agent.isprintable()
    assert not arrival.exposed


@pytest.mark.parametrize(
    ("peer", "exposed"),
    [("127.0.0.1", False), ("127.255.0.9", False), ("::1", False), ("::ffff:127.0.0.1", False),
     ("10.0.0.1", True), ("::2", True), ("128.0.0.1", True), ("2001:db8::1", True)],
)  # fmt: skip
def test_in_the_clear_from_beyond_this_machine_is_exposed(peer: str, exposed: bool) -> None:
    scope = {"headers": [], "client": (peer, 1), "scheme": "http"}
    assert arrive(scope, None, Noon(), "req_x", plain_beyond=True).exposed == exposed
    assert not arrive(scope, None, Noon(), "req_x", plain_beyond=False).exposed
    over_tls = {**scope, "scheme": "https"}
    assert not arrive(over_tls, None, Noon(), "req_x", plain_beyond=True).exposed
