"""Assertions and keys from outside: whatever is sent is good or refused, and nothing else happens."""

import json

from hypothesis import assume, given
from hypothesis import strategies as st

from keystead.core.clock import SECOND, Instant
from keystead.core.secret import Secret
from keystead.crypto.jose.assertion import (
    RefusedAssertion,
    VerifiedAssertion,
    unverified_client_id,
    verify_assertion,
)
from keystead.crypto.jose.public_keys import canonical_jwks, client_keys, wrong_public_jwks
from tests.assertions import b64, client_pair, compact, set_of

NOW = Instant(1_800_000_000 * SECOND)
T = NOW // SECOND
ISSUER, CLIENT = "https://keystead.example.com", "ksc_0123456789Az"
KEY = client_pair("ES256")
REGISTERED = canonical_jwks(set_of(KEY))
CLAIMS = {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": T + 60, "jti": "one"}
# The same in every process, as far as its length goes: what is drawn depends on nothing else.
GOOD = KEY.assertion(CLAIMS).reveal()

JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
TIMES = st.integers(T - 400, T + 400) | st.floats(T - 400, T + 400) | JSON_VALUE
HEADER = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["ES256", "RS256", "HS256", "none", "EdDSA", ""]) | JSON_VALUE,
        "kid": st.sampled_from(["first", "second"]) | JSON_VALUE,
        "typ": st.sampled_from(["JWT", "client-authentication+jwt", "at+jwt"]) | JSON_VALUE,
        "crit": JSON_VALUE,
        "jwk": JSON_VALUE,
    },
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "iss": st.just(CLIENT) | JSON_VALUE,
        "sub": st.just(CLIENT) | JSON_VALUE,
        "aud": st.just(ISSUER) | st.lists(st.just(ISSUER), max_size=2) | JSON_VALUE,
        "exp": TIMES,
        "nbf": TIMES,
        "iat": TIMES,
        "jti": st.text(max_size=300) | JSON_VALUE,
    },
)
PUBLIC = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(
            ["EC", "OKP", "RSA", "P-256", "Ed25519", "AQAB", "AA", KEY.public["x"]]
        )
        | JSON_VALUE
        for name in ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops", "d", "x5c")
    },
)


def judged(assertion: Secret, registered: str = REGISTERED) -> VerifiedAssertion | RefusedAssertion:
    found = verify_assertion(assertion, registered, issuer=ISSUER, client_id=CLIENT, at=NOW)
    assert isinstance(found, (VerifiedAssertion, RefusedAssertion))
    said = unverified_client_id(assertion)
    assert said is None or isinstance(said, str)
    return found


@given(st.text(max_size=200), st.text(max_size=50))
def test_no_text_is_more_than_refused(text: str, registered: str) -> None:
    assert isinstance(judged(Secret(text), registered), RefusedAssertion)


@given(st.binary(max_size=100), st.binary(max_size=100), st.binary(max_size=80))
def test_no_bytes_are_more_than_refused(header: bytes, claims: bytes, signature: bytes) -> None:
    assert isinstance(judged(compact(header, claims, lambda _: signature)), RefusedAssertion)


@given(HEADER, SAID)
def test_what_is_signed_is_good_only_if_all_of_it_is(
    header: dict[str, object], said: dict[str, object]
) -> None:
    found = judged(KEY.assertion(said, {"alg": "ES256", "kid": "first", **header}))
    if isinstance(found, VerifiedAssertion):
        exp = said["exp"]
        assert isinstance(exp, (int, float))
        assert T - 30 < exp <= T + 330
        assert (said["iss"], said["sub"], said["aud"]) == (CLIENT, CLIENT, ISSUER)
        assert header.get("alg", "ES256") == "ES256"
        assert not {"crit", "jwk"} & set(header)


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="utf-8"))
def test_one_changed_character_is_refused(place: int, other: str) -> None:
    assume(other != GOOD[place])
    assert isinstance(judged(Secret(GOOD)), VerifiedAssertion)
    assert isinstance(judged(Secret(GOOD[:place] + other + GOOD[place + 1 :])), RefusedAssertion)


@given(HEADER, SAID)
def test_without_a_signature_nothing_is_good(
    header: dict[str, object], said: dict[str, object]
) -> None:
    for end in ("", ".", f".{b64(bytes(64))}"):
        assert isinstance(judged(Secret(f"{b64(header)}.{b64(said)}{end}")), RefusedAssertion)


@given(st.fixed_dictionaries({"keys": st.lists(PUBLIC | JSON_VALUE, max_size=3)}))
def test_keys_are_taken_or_their_fields_named(given: dict[str, object]) -> None:
    if wrong_public_jwks(given):
        assert client_keys(json.dumps(given)) == ()
    else:
        assert client_keys(canonical_jwks(given))
