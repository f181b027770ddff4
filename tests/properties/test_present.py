"""Reading who comes, out of any headers."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keystead.core.clock import Instant
from keystead.core.errors import Invalid
from keystead.web.present import arrive, credential_in, token_in_url

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
    count = sum(name in PRESENTING for name, _ in headers)
    if count > 1:
        with pytest.raises(Invalid) as refused:
            credential_in(headers)
        assert "one credential" in refused.value.detail
        return
    assert (credential_in(headers) is None) == (count == 0)


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
    assume(scheme.strip().lower().split(b" ")[0] not in {b"bearer", b"token"})
    assume(not scheme.lower().lstrip().startswith((b"bearer", b"token")))
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
    scope = {"headers": [*headers, (b"user-agent", agent)], "client": client, "scheme": "http"}
    try:
        arrival = arrive(scope, Noon(), "req_x", plain_beyond=False)
    except Invalid:
        return
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
    assert arrive(scope, Noon(), "req_x", plain_beyond=True).exposed == exposed
    assert not arrive(scope, Noon(), "req_x", plain_beyond=False).exposed
    over_tls = {**scope, "scheme": "https"}
    assert not arrive(over_tls, Noon(), "req_x", plain_beyond=True).exposed
