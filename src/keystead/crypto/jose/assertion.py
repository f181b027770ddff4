"""Client assertions: a client proves itself by a JWT that it signed (`private_key_jwt`, row K3).

RFC 7523 as RFC 10070 has updated it: the audience is the issuer identifier, as the one and only value, so
that no other server to which a client authenticates can present its assertion here. Of what the assertion
says of its key nothing is heeded but the name by which that is found among the registered ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from keystead.core.clock import SECOND, Instant, later
from keystead.core.secret import Secret
from keystead.crypto.jose.public_keys import ClientKey, client_keys
from keystead.crypto.jose.strict import read_base64url, read_object

__all__ = [
    "LIFETIME",
    "MAX_ASSERTION",
    "SKEW",
    "RefusedAssertion",
    "VerifiedAssertion",
    "unverified_client_id",
    "verify_assertion",
]

MAX_ASSERTION: Final = 8192
"""Characters. The largest key that is registered signs in 1366 of them."""

LIFETIME: Final = 300 * SECOND
"""How far ahead an assertion may end, in microseconds: for so long its `jti` is remembered."""

SKEW: Final = 30 * SECOND
"""How far a client's clock may be from this one's, either way."""

_MAX_JTI: Final = 255
_MAX_NUMBER: Final = 2**53
# Keys that an assertion brings along, and extensions that must be understood: there are none here.
_REFUSED_HEADERS: Final = ("crit", "b64", "jku", "jwk", "x5u", "x5c")
_TYPES: Final = frozenset({"jwt", "client-authentication+jwt"})
_MEDIA: Final = "application/"
# The examples of RFC 7517 appendix A.1 and RFC 8037 appendix A.2. Everybody knows their private halves, and
# they prove nothing here.
_NOBODYS_KEYS: Final = (
    '{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",'
    '"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","alg":"ES256","kid":"1"},'
    '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",'
    '"alg":"EdDSA","kid":"2"},{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbf'
    "AAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6C"
    "f0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
    'bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB",'
    '"alg":"RS256","kid":"3"}]}'
)


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """A good assertion, if it has not been used before.

    Attributes:
        jti: its own id.
        key_n: the number of the key that it was signed by.
        expires_at: from when on it is refused anyway, with any skew.
    """

    jti: str
    key_n: int
    expires_at: Instant

    @property
    def digest(self) -> bytes:
        """What stands for its id among those that were used: SHA-256."""
        return hashlib.sha256(self.jti.encode()).digest()


@dataclass(frozen=True, slots=True)
class RefusedAssertion:
    """A bad one; `why` is for the audit, never for the client, and repeats nothing of it."""

    why: str


@dataclass(frozen=True, slots=True)
class _Parts:
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    said: bytes
    signature: bytes


class _Wrong(Exception):  # raised and caught here alone
    """What is wrong with an assertion."""


def unverified_client_id(assertion: Secret) -> str | None:
    """Return which client an assertion says that it is of, to look for its keys; nothing is believed yet."""
    try:
        claims = _taken_apart(assertion.reveal()).claims
    except _Wrong:
        return None
    client_id = claims.get("sub")
    return client_id if isinstance(client_id, str) and client_id == claims.get("iss") else None


def verify_assertion(
    assertion: Secret,
    public_jwks: str,
    *,
    issuer: str,
    client_id: str,
    at: Instant,
    legacy_audience: str | None = None,
) -> VerifiedAssertion | RefusedAssertion:
    """Judge an assertion, all but whether it has been used before.

    Args:
        assertion: as it was presented.
        public_jwks: the client's registered keys, as `public_keys.canonical_jwks` keeps them; empty if it
            has none, or there is no such client.
        issuer: this server's issuer identifier.
        client_id: the client's public id.
        at: now.
        legacy_audience: the one URL that this client may name in the issuer's place; None for none.
    """
    try:
        parts = _taken_apart(assertion.reveal())
        _require_header(parts.header)
        key_n = _require_signature(parts, client_keys(public_jwks))
        _require_client(parts.claims, client_id, {issuer, legacy_audience} - {None})
        expires_at = _require_times(parts.claims, at)
        return VerifiedAssertion(_require_jti(parts.claims), key_n, expires_at)
    except _Wrong as wrong:
        return RefusedAssertion(str(wrong))


def _taken_apart(text: str) -> _Parts:
    if len(text) > MAX_ASSERTION:
        raise _Wrong("assertion: too long")
    segments = text.split(".")
    decoded = [read_base64url(segment) for segment in segments]
    if len(decoded) != 3:  # noqa: PLR2004  # header, claims, signature
        raise _Wrong("assertion: not a signed JWT")
    header, claims, signature = decoded
    if header is None or claims is None or not signature:
        raise _Wrong("assertion: not a signed JWT")
    found = read_object(header), read_object(claims)
    if found[0] is None or found[1] is None:
        raise _Wrong("assertion: not two objects with each name once")
    return _Parts(found[0], found[1], text.rpartition(".")[0].encode(), signature)


def _require_header(header: Mapping[str, Any]) -> None:
    for name in _REFUSED_HEADERS:
        if name in header:
            raise _Wrong(f"assertion: header {name}")
    media = header.get("typ", "JWT")
    # RFC 7515 §4.1.9: a media type without its first half, and without regard to case.
    if not isinstance(media, str) or media.lower().removeprefix(_MEDIA) not in _TYPES:
        raise _Wrong("assertion: another type of token")


def _require_signature(parts: _Parts, keys: tuple[ClientKey, ...]) -> int:
    algorithm = parts.header.get("alg")
    found = _keys_of(parts.header, keys)
    fits = len(found) == 1 and algorithm in found[0].algorithms
    # Where nothing of the client's can be verified by, a stranger's key of the same algorithm takes about as
    # long: the time does not tell which clients there are. That of RSA keys above 2048 bits it does.
    tried = found if fits else _keys_for(algorithm, client_keys(_NOBODYS_KEYS))
    good = [key.verifies(parts.said, parts.signature) for key in tried]
    if len(found) != 1:
        raise _Wrong("assertion: no such key")
    if not fits:
        raise _Wrong("assertion: not its key's algorithm")
    if not all(good):
        raise _Wrong("assertion: signature")
    return found[0].n


def _keys_of(header: Mapping[str, Any], keys: tuple[ClientKey, ...]) -> list[ClientKey]:
    if "kid" in header:
        return [key for key in keys if key.kid == header["kid"]]
    return _keys_for(header.get("alg"), keys)


def _keys_for(algorithm: object, keys: tuple[ClientKey, ...]) -> list[ClientKey]:
    return [key for key in keys if algorithm in key.algorithms]


def _require_client(claims: Mapping[str, Any], client_id: str, audiences: set[str | None]) -> None:
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise _Wrong("assertion: another client's")
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience not in audiences:
        raise _Wrong("assertion: audience")


def _require_times(claims: Mapping[str, Any], at: Instant) -> Instant:
    expires_at = _instant_of(claims, "exp")
    if expires_at is None:
        raise _Wrong("assertion: no exp")
    end = later(expires_at, SKEW)
    if end <= at:
        raise _Wrong("assertion: expired")
    if expires_at > later(at, LIFETIME + SKEW):
        raise _Wrong("assertion: exp too far ahead")
    for name in ("nbf", "iat"):
        begins_at = _instant_of(claims, name)
        if begins_at is not None and begins_at > later(at, SKEW):
            raise _Wrong(f"assertion: {name} ahead")
    return end


def _instant_of(claims: Mapping[str, Any], name: str) -> Instant | None:
    if name not in claims:
        return None
    value = claims[name]
    # A comparison with NaN, or what a number of 4,000 digits becomes, is nothing to decide by.
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 <= value <= _MAX_NUMBER
    ):
        raise _Wrong(f"assertion: {name} is no time")
    return Instant(int(value * SECOND))


def _require_jti(claims: Mapping[str, Any]) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= _MAX_JTI:
        raise _Wrong("assertion: jti")
    try:
        jti.encode()
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can spell.
        raise _Wrong("assertion: jti") from None
    return jti
