"""Client assertions: what is taken, and everything that has been tried elsewhere."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest

from keystead.core.clock import SECOND, Instant, later
from keystead.core.secret import Secret
from keystead.crypto.jose.assertion import (
    MAX_ASSERTION,
    SKEW,
    RefusedAssertion,
    VerifiedAssertion,
    unverified_client_id,
    verify_assertion,
)
from keystead.crypto.jose.public_keys import ALGORITHMS, canonical_jwks, client_keys
from tests.assertions import b64, client_pair, compact, set_of

NOW = Instant(1_800_000_000 * SECOND)
T = NOW // SECOND
ISSUER = "https://keystead.example.com"
CLIENT = "ksc_0123456789Az"
LEGACY = "https://keystead.example.com/oauth/token"
KEY = client_pair("ES256", "first")
RSA = client_pair("RS256", "rsa")
ED = client_pair("EdDSA", "ed")
STRANGER = client_pair("ES256", "stranger")
REGISTERED = canonical_jwks(set_of(KEY, RSA, ED))
CLAIMS: dict[str, Any] = {
    "iss": CLIENT,
    "sub": CLIENT,
    "aud": ISSUER,
    "exp": T + 60,
    "iat": T,
    "jti": "one",
}


def claims(**more: object) -> dict[str, Any]:
    """The good claims, with others; None takes one out."""
    return {name: value for name, value in {**CLAIMS, **more}.items() if value is not None}


def judged(
    assertion: Secret,
    registered: str = REGISTERED,
    at: Instant = NOW,
    legacy_audience: str | None = None,
) -> VerifiedAssertion | RefusedAssertion:
    return verify_assertion(
        assertion,
        registered,
        issuer=ISSUER,
        client_id=CLIENT,
        at=at,
        legacy_audience=legacy_audience,
    )


def refused(why: str) -> RefusedAssertion:
    return RefusedAssertion(f"assertion: {why}")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_is_taken_under_a_key_of_it(algorithm: str) -> None:
    pair = client_pair(algorithm, "only")
    text = canonical_jwks(set_of(pair))
    (key,) = client_keys(text)
    good = judged(pair.assertion(CLAIMS), text)
    assert good == VerifiedAssertion("one", key.n, later(NOW, 60 * SECOND + SKEW))


def test_a_key_s_number_is_its_own_and_stays_whatever_stands_beside_it() -> None:
    one, other = client_pair("ES256", "one"), client_pair("RS256", "other")
    renamed = {**one.public, "kid": "renamed"}
    alone = client_keys(canonical_jwks(set_of(one)))[0].n
    both = [
        key.n for key in client_keys(canonical_jwks({"keys": [other.public, renamed, one.public]}))
    ]
    assert both[2] == alone
    assert len(set(both)) == 3
    assert all(-(2**31) <= n < 0 for n in both)


GOOD: dict[str, Secret] = {
    "without-typ": KEY.assertion(CLAIMS),
    "typ-jwt": KEY.assertion(CLAIMS, typ="JWT"),
    "typ-in-lower-case": KEY.assertion(CLAIMS, typ="jwt"),
    "typ-of-its-own": KEY.assertion(CLAIMS, typ="client-authentication+jwt"),
    "typ-with-application": KEY.assertion(CLAIMS, typ="application/client-authentication+jwt"),
    "without-kid-but-one-key-of-the-algorithm": KEY.assertion(CLAIMS, {"alg": "ES256"}),
    "ed25519-by-its-newer-name": ED.assertion(CLAIMS, {"alg": "Ed25519", "kid": "ed"}),
    "a-header-that-nobody-reads": KEY.assertion(CLAIMS, x5t="thumbprint", more=[1]),
    "a-claim-that-nobody-reads": KEY.assertion(claims(scope="everything", nonce={"a": 1})),
    "ends-in-300-s": KEY.assertion(claims(exp=T + 300)),
    "ended-10-s-ago-by-this-clock": KEY.assertion(claims(exp=T - 10)),
    "from-a-clock-that-is-10-s-fast": KEY.assertion(claims(iat=T + 10, nbf=T + 10, exp=T + 310)),
    "a-fraction-of-a-second": KEY.assertion(claims(exp=T + 60.5, iat=T - 0.25)),
    "without-iat": KEY.assertion(claims(iat=None)),
    "made-long-ago": KEY.assertion(claims(iat=T - 86_400)),
    "jti-of-255": KEY.assertion(claims(jti="j" * 255)),
    "jti-of-any-signs": KEY.assertion(claims(jti="é \u0000/🗝")),
}


@pytest.mark.parametrize("assertion", GOOD.values(), ids=GOOD.keys())
def test_what_is_right_is_taken(assertion: Secret) -> None:
    assert isinstance(judged(assertion), VerifiedAssertion)


def hs256(key: str) -> Any:  # noqa: ANN401  # signs bytes
    return lambda said: hmac.digest(key.encode(), said, "sha256")


def twice(name: str, first: object, last: object) -> bytes:
    """The good claims, one of them twice."""
    rest = json.dumps({k: v for k, v in CLAIMS.items() if k != name})
    return f'{rest[:-1]},"{name}":{json.dumps(first)},"{name}":{json.dumps(last)}}}'.encode()


NOT_SIGNED = refused("not a signed JWT")
NOT_OBJECTS = refused("not two objects with each name once")
NO_KEY = refused("no such key")
ALGORITHM = refused("not its key's algorithm")
SIGNATURE = refused("signature")
TYPE = refused("another type of token")
ANOTHER = refused("another client's")
AUDIENCE = refused("audience")
AHEAD = refused("exp too far ahead")
JTI = refused("jti")
HEAD = {"alg": "ES256", "kid": "first"}
HEAD_TEXT = json.dumps(HEAD).encode()
PUBLIC_TEXT = json.dumps(KEY.public)
BOUNDLESS = json.dumps(claims(exp=0)).replace(": 0", ": 1e999").encode()
GOOD_TEXT = KEY.assertion(CLAIMS).reveal()
GOOD_PARTS = GOOD_TEXT.split(".")

BAD: dict[str, tuple[Secret, RefusedAssertion]] = {
    "empty": (Secret(""), NOT_SIGNED),
    "no-dots": (Secret("nonsense"), NOT_SIGNED),
    "two-parts": (Secret(".".join(GOOD_PARTS[:2])), NOT_SIGNED),
    "four-parts": (Secret(GOOD_TEXT + ".AAAA"), NOT_SIGNED),
    "five-parts-as-a-jwe": (Secret("e30.AA.AA.AA.AA"), NOT_SIGNED),
    "without-signature": (Secret(".".join([*GOOD_PARTS[:2], ""])), NOT_SIGNED),
    "padded": (Secret(GOOD_TEXT + "=="), NOT_SIGNED),
    "in-the-other-base64": (Secret(f"{GOOD_PARTS[0]}.{GOOD_PARTS[1]}.++//"), NOT_SIGNED),
    "with-white-space": (Secret(GOOD_TEXT + "\n"), NOT_SIGNED),
    "with-a-bit-more-than-fits": (Secret(f"{GOOD_PARTS[0]}.{GOOD_PARTS[1]}.AB"), NOT_SIGNED),
    "not-ascii": (Secret("é.é.é"), NOT_SIGNED),
    "a-lone-surrogate": (Secret("\ud800.AA.AA"), NOT_SIGNED),
    "too-long": (KEY.assertion(claims(more="x" * MAX_ASSERTION)), refused("too long")),
    "header-no-json": (compact(b"{", CLAIMS, KEY.sign), NOT_OBJECTS),
    "header-an-array": (compact([], CLAIMS, KEY.sign), NOT_OBJECTS),
    "header-in-utf-16": (compact(HEAD_TEXT.decode().encode("utf-16"), CLAIMS, KEY.sign), NOT_OBJECTS),
    "header-with-a-bom": (compact(b"\xef\xbb\xbf" + HEAD_TEXT, CLAIMS, KEY.sign), NOT_OBJECTS),
    "header-with-alg-twice": (compact(b'{"alg":"none",' + HEAD_TEXT[1:], CLAIMS, KEY.sign), NOT_OBJECTS),
    "claims-a-text": (KEY.assertion("text"), NOT_OBJECTS),
    "claims-not-utf-8": (KEY.assertion(b'{"iss":"\xff"}'), NOT_OBJECTS),
    "claims-with-nan": (KEY.assertion(b'{"exp":NaN}'), NOT_OBJECTS),
    "claims-nested-without-end": (KEY.assertion(b"[" * 4000), NOT_OBJECTS),
    "claims-with-a-number-without-end": (KEY.assertion(b'{"exp":' + b"9" * 5000 + b"}"), NOT_OBJECTS),
    "aud-twice": (KEY.assertion(twice("aud", "https://other.example", ISSUER)), NOT_OBJECTS),
    "sub-twice": (KEY.assertion(twice("sub", "ksc_somebodyelse", CLIENT)), NOT_OBJECTS),
    "a-name-twice-within": (KEY.assertion(b'{"a":{"b":1,"b":2}}'), NOT_OBJECTS),
    "none": (compact({"alg": "none", "kid": "first"}, CLAIMS, lambda _: b"x"), ALGORITHM),
    "none-in-capitals": (compact({"alg": "NONE", "kid": "first"}, CLAIMS, lambda _: b"x"), ALGORITHM),
    "none-without-kid": (compact({"alg": "none"}, CLAIMS, lambda _: b"x"), NO_KEY),
    "without-alg": (KEY.assertion(CLAIMS, {"kid": "first"}), ALGORITHM),
    "alg-a-list": (KEY.assertion(CLAIMS, {"alg": ["ES256"], "kid": "first"}), ALGORITHM),
    "hmac-under-the-public-key": (
        compact({"alg": "HS256", "kid": "first"}, CLAIMS, hs256(PUBLIC_TEXT)),
        ALGORITHM,
    ),
    "hmac-under-the-kept-keys": (compact({"alg": "HS256"}, CLAIMS, hs256(REGISTERED)), NO_KEY),
    "hmac-under-the-modulus": (
        compact({"alg": "HS256", "kid": "rsa"}, CLAIMS, hs256(RSA.public["n"])),
        ALGORITHM,
    ),
    "another-algorithm-of-the-same-key": (
        RSA.assertion(CLAIMS, {"alg": "PS256", "kid": "rsa"}),
        ALGORITHM,
    ),
    "es384": (KEY.assertion(CLAIMS, {"alg": "ES384", "kid": "first"}), ALGORITHM),
    "unknown-kid": (KEY.assertion(CLAIMS, kid="second"), NO_KEY),
    "empty-kid": (KEY.assertion(CLAIMS, kid=""), NO_KEY),
    "kid-a-number": (KEY.assertion(CLAIMS, kid=1), NO_KEY),
    "kid-a-path": (KEY.assertion(CLAIMS, kid="../../dev/null"), NO_KEY),
    "kid-an-injection": (KEY.assertion(CLAIMS, kid="first' OR '1'='1"), NO_KEY),
    "another-keys-kid": (KEY.assertion(CLAIMS, kid="ed"), ALGORITHM),
    "a-strangers-key": (STRANGER.assertion(CLAIMS, dict(HEAD)), SIGNATURE),
    "a-signature-of-noughts": (compact(HEAD, CLAIMS, lambda _: bytes(64)), SIGNATURE),
    "a-signature-of-one-byte": (compact(HEAD, CLAIMS, lambda _: b"\0"), SIGNATURE),
    "a-signature-that-is-longer": (compact(HEAD, CLAIMS, lambda s: KEY.sign(s) + b"\0"), SIGNATURE),
    "an-rsa-signature-of-noughts": (
        compact({"alg": "RS256", "kid": "rsa"}, CLAIMS, lambda _: bytes(256)),
        SIGNATURE,
    ),
    "other-claims-under-a-good-signature": (
        Secret(f"{GOOD_PARTS[0]}.{b64(claims(jti='two'))}.{GOOD_PARTS[2]}"),
        SIGNATURE,
    ),
    "jwk": (STRANGER.assertion(CLAIMS, {**HEAD, "jwk": STRANGER.public}), refused("header jwk")),
    "jku": (KEY.assertion(CLAIMS, jku="https://evil.example/jwks.json"), refused("header jku")),
    "x5u": (KEY.assertion(CLAIMS, x5u="https://evil.example/chain.pem"), refused("header x5u")),
    "x5c": (KEY.assertion(CLAIMS, x5c=["MIIB"]), refused("header x5c")),
    "crit": (KEY.assertion(CLAIMS, crit=["exp"]), refused("header crit")),
    "crit-empty": (KEY.assertion(CLAIMS, crit=[]), refused("header crit")),
    "b64": (KEY.assertion(CLAIMS, b64=False), refused("header b64")),
    "typ-of-an-access-token": (KEY.assertion(CLAIMS, typ="at+jwt"), TYPE),
    "typ-of-a-proof": (KEY.assertion(CLAIMS, typ="dpop+jwt"), TYPE),
    "typ-of-a-logout": (KEY.assertion(CLAIMS, typ="logout+jwt"), TYPE),
    "typ-empty": (KEY.assertion(CLAIMS, typ=""), TYPE),
    "typ-null": (KEY.assertion(CLAIMS, typ=None), TYPE),
    "typ-an-array": (KEY.assertion(CLAIMS, typ=["JWT"]), TYPE),
    "iss-missing": (KEY.assertion(claims(iss=None)), ANOTHER),
    "iss-of-another": (KEY.assertion(claims(iss="ksc_somebodyelse")), ANOTHER),
    "iss-this-server": (KEY.assertion(claims(iss=ISSUER)), ANOTHER),
    "sub-missing": (KEY.assertion(claims(sub=None)), ANOTHER),
    "sub-of-another": (KEY.assertion(claims(sub="ksc_somebodyelse")), ANOTHER),
    "sub-an-array": (KEY.assertion(claims(sub=[CLIENT])), ANOTHER),
    "sub-in-other-case": (KEY.assertion(claims(sub=CLIENT.upper())), ANOTHER),
    "aud-missing": (KEY.assertion(claims(aud=None)), AUDIENCE),
    "aud-the-token-url": (KEY.assertion(claims(aud=LEGACY)), AUDIENCE),
    "aud-an-array-of-the-issuer": (KEY.assertion(claims(aud=[ISSUER])), AUDIENCE),
    "aud-an-array-of-two": (KEY.assertion(claims(aud=[ISSUER, LEGACY])), AUDIENCE),
    "aud-another-server": (KEY.assertion(claims(aud="https://other.example")), AUDIENCE),
    "aud-with-a-slash": (KEY.assertion(claims(aud=ISSUER + "/")), AUDIENCE),
    "aud-in-other-case": (KEY.assertion(claims(aud=ISSUER.replace("k", "K"))), AUDIENCE),
    "aud-empty": (KEY.assertion(claims(aud="")), AUDIENCE),
    "aud-an-object": (KEY.assertion(claims(aud={ISSUER: True})), AUDIENCE),
    "exp-missing": (KEY.assertion(claims(exp=None)), refused("no exp")),
    "exp-null": (KEY.assertion({**CLAIMS, "exp": None}), refused("exp is no time")),
    "exp-a-text": (KEY.assertion(claims(exp=str(T + 60))), refused("exp is no time")),
    "exp-true": (KEY.assertion(claims(exp=True)), refused("exp is no time")),
    "exp-negative": (KEY.assertion(claims(exp=-1)), refused("exp is no time")),
    "exp-infinite": (KEY.assertion(BOUNDLESS), refused("exp is no time")),
    "exp-of-1000-digits": (KEY.assertion(claims(exp=10**1000)), refused("exp is no time")),
    "exp-60-s-ago": (KEY.assertion(claims(exp=T - 60)), refused("expired")),
    "exp-at-the-end-of-the-skew": (KEY.assertion(claims(exp=T - 30)), refused("expired")),
    "exp-60-s-more-than-may-be": (KEY.assertion(claims(exp=T + 360)), AHEAD),
    "exp-in-an-hour": (KEY.assertion(claims(exp=T + 3600)), AHEAD),
    "exp-in-milliseconds": (KEY.assertion(claims(exp=(T + 60) * 1000)), AHEAD),
    "nbf-in-60-s": (KEY.assertion(claims(nbf=T + 60)), refused("nbf ahead")),
    "nbf-a-text": (KEY.assertion(claims(nbf="now")), refused("nbf is no time")),
    "iat-in-60-s": (KEY.assertion(claims(iat=T + 60)), refused("iat ahead")),
    "iat-an-array": (KEY.assertion(claims(iat=[T])), refused("iat is no time")),
    "jti-missing": (KEY.assertion(claims(jti=None)), JTI),
    "jti-empty": (KEY.assertion(claims(jti="")), JTI),
    "jti-of-256": (KEY.assertion(claims(jti="j" * 256)), JTI),
    "jti-a-number": (KEY.assertion(claims(jti=1)), JTI),
    "jti-a-lone-surrogate": (KEY.assertion(claims(jti="\ud800")), JTI),
}  # fmt: skip


@pytest.mark.parametrize(("assertion", "why"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_refused(assertion: Secret, why: RefusedAssertion) -> None:
    assert judged(assertion) == why


def test_a_client_with_a_legacy_audience_may_name_that_one_url_too() -> None:
    def found(aud: object) -> VerifiedAssertion | RefusedAssertion:
        return judged(KEY.assertion(claims(aud=aud)), legacy_audience=LEGACY)

    assert isinstance(found(LEGACY), VerifiedAssertion)
    assert isinstance(found(ISSUER), VerifiedAssertion)
    for aud in ([LEGACY], [ISSUER, LEGACY], LEGACY + "/", "", "None"):
        assert found(aud) == AUDIENCE


def test_of_two_keys_of_one_algorithm_the_assertion_must_name_one() -> None:
    both = canonical_jwks(set_of(KEY, STRANGER))
    assert judged(KEY.assertion(CLAIMS, {"alg": "ES256"}), both) == NO_KEY
    assert isinstance(judged(KEY.assertion(CLAIMS), both), VerifiedAssertion)


@pytest.mark.parametrize(
    "registered",
    [
        "",
        "{}",
        "null",
        '{"keys":[]}',
        '{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"first","alg":"HS256"}]}',
        '{"keys":[{"kty":"EC","crv":"P-257","x":"AA","y":"AA","kid":"first"}]}',
    ],
)
def test_under_keys_that_somebody_has_spoiled_nothing_is_good(registered: str) -> None:
    assert judged(KEY.assertion(CLAIMS), registered) == NO_KEY
    secret = compact({"alg": "HS256", "kid": "first"}, CLAIMS, hs256("secret"))
    assert judged(secret, registered) == NO_KEY


def test_it_is_remembered_until_no_clock_takes_it_any_more() -> None:
    assertion = KEY.assertion(claims(exp=T + 20))
    good = judged(assertion)
    assert isinstance(good, VerifiedAssertion)
    assert isinstance(judged(assertion, at=later(good.expires_at, -1)), VerifiedAssertion)
    assert judged(assertion, at=good.expires_at) == refused("expired")


def test_what_stands_for_its_id_is_its_digest() -> None:
    one, two = (judged(KEY.assertion(claims(jti=jti))) for jti in ("one", "two"))
    assert isinstance(one, VerifiedAssertion)
    assert isinstance(two, VerifiedAssertion)
    assert len(one.digest) == 32
    assert not hmac.compare_digest(one.digest, two.digest)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (CLAIMS, CLIENT),
        (claims(iss="ksc_somebodyelse"), None),
        (claims(sub=None, iss=None), None),
        (claims(sub=1, iss=1), None),
        (claims(sub=[CLIENT], iss=[CLIENT]), None),
    ],
)
def test_whose_it_says_it_is_can_be_read_before_it_is_judged(
    said: dict[str, Any], found: str | None
) -> None:
    assert unverified_client_id(STRANGER.assertion(said)) == found


@pytest.mark.parametrize("text", ["", "a.b.c", "e30.W10.AA", "e30.e30.AA", GOOD_TEXT + "."])
def test_of_what_is_no_assertion_nothing_is_read(text: str) -> None:
    assert unverified_client_id(Secret(text)) is None


def test_no_reason_repeats_anything_of_the_assertion() -> None:
    canary = "canary-7d1f"
    for more in ({"iss": canary}, {"aud": canary}, {"exp": canary}, {"jti": [canary]}):
        assert canary not in str(judged(KEY.assertion(claims(**more))))
    for header in ({"kid": canary}, {"typ": canary}, {"alg": canary}, {canary: 1, "kid": "no"}):
        assert canary not in str(judged(KEY.assertion(CLAIMS, {**HEAD, **header})))
