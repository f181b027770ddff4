"""The public keys that an OAuth client registers: a JWK set (RFC 7517) of keys that only verify.

Each key is pinned to one algorithm, so that no signature chooses its own: an HMAC under a public key, or
`none`, has nothing to stand on. What is kept of a set are the members that matter; a private key that is sent
by mistake is refused and named, never repeated.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from joserfc.jwk import Key, import_key
from joserfc.jws import JWSRegistry
from msgspec import json

from keystead.core.errors import FieldError
from keystead.crypto.jose.strict import read_base64url, read_object

__all__ = [
    "ALGORITHMS",
    "FIELD",
    "MAX_KEYS",
    "ClientKey",
    "canonical_jwks",
    "client_keys",
    "wrong_public_jwks",
]

FIELD: Final = "public_jwks"

MAX_KEYS: Final = 10
"""Keys of one set: enough for the old and the new ones of several instances."""

ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
    "RS256": ("RSA", None),
}
"""Each algorithm, with the type and the curve of its keys."""

# RFC 9864 gives EdDSA with this curve its own name; whichever is written, it is the same signature.
_SAME: Final = ("EdDSA", "Ed25519")

_NUMBERS: Final = {"EC": ("x", "y"), "OKP": ("x",), "RSA": ("n", "e")}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
# What exporters write besides; it says nothing that is not said already, and is not kept.
_NEEDLESS: Final[Mapping[str, tuple[object, ...]]] = {
    "use": ("sig",),
    "key_ops": (["verify"],),
    "ext": (True, False),
}

_KID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_COORDINATE: Final = 32
_MIN_RSA_BITS: Final = 2048
_MAX_RSA_BITS: Final = 8192
_MAX_EXPONENT: Final = 2**32

# The points of small order, without the bit that tells x from -x: under such a key everybody's signature of
# everything is good. A test computes them anew.
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A registered key, opened.

    Attributes:
        kid: by which assertions name it.
        algorithms: the names of its one algorithm.
        n: its number among those of its client's secrets, which are above 0: below, by its kid and itself.
    """

    kid: str
    algorithms: tuple[str, ...]
    n: int
    _key: Key

    def verifies(self, said: bytes, signature: bytes) -> bool:
        """Say whether this key signed so."""
        return JWSRegistry.algorithms[self.algorithms[0]].verify(said, signature, self._key)


def wrong_public_jwks(jwks: Mapping[str, object]) -> list[FieldError]:
    """Return everything that is wrong with a set, by field; no message holds what was sent."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        return [FieldError(f"{FIELD}.keys", f"must be a list of 1 to {MAX_KEYS} keys")]
    wrong = [FieldError(FIELD, "has only the member keys")] if len(jwks) > 1 else []
    for i, key in enumerate(keys):
        wrong += _wrong_key(f"{FIELD}.keys[{i}]", key)
    kids = [key["kid"] for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)]
    if len(kids) != len(set(kids)):
        wrong.append(FieldError(f"{FIELD}.keys", "each kid must stand once"))
    return wrong


def canonical_jwks(jwks: Mapping[str, Any]) -> str:
    """Return the text of a set that is in order, with what is kept of it."""
    kept = [
        {name: key[name] for name in ("kty", *_of_key(key["alg"]), "alg", "kid")}
        for key in jwks["keys"]
    ]
    return json.encode({"keys": kept}).decode()


@lru_cache(maxsize=1024)
def client_keys(text: str) -> tuple[ClientKey, ...]:
    """Return the keys of a set as it is kept; none where somebody has made another thing of it."""
    found = read_object(text.encode(errors="surrogatepass"))
    return () if found is None or wrong_public_jwks(found) else tuple(map(_opened, found["keys"]))


def _opened(key: Mapping[str, Any]) -> ClientKey:
    alg = key["alg"]
    bare = {name: key[name] for name in ("kty", *_of_key(alg))}
    said = hashlib.sha256(json.encode([key["kid"], bare], order="sorted")).digest()
    n = -1 - int.from_bytes(said[:4]) % 2**31
    return ClientKey(key["kid"], _SAME if alg in _SAME else (alg,), n, import_key(bare))


def _of_key(alg: str) -> dict[str, str | None]:
    """Return the members of an algorithm's keys besides `kty`: fixed ones, and numbers (None)."""
    kty, crv = ALGORITHMS[alg]
    fixed: dict[str, str | None] = {} if crv is None else {"crv": crv}
    return fixed | dict.fromkeys(_NUMBERS[kty])


def _wrong_key(where: str, key: object) -> Iterator[FieldError]:
    if not isinstance(key, dict):
        yield FieldError(where, "must be an object")
        return
    if _PRIVATE & key.keys():
        yield FieldError(
            where,
            "is a private key; register its public half alone, and replace it: it has been exposed",
        )
        return
    kid, alg = key.get("kid"), key.get("alg")
    if not isinstance(kid, str) or _KID.fullmatch(kid) is None:
        yield FieldError(f"{where}.kid", "must be 1 to 128 visible ASCII characters")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        yield FieldError(f"{where}.alg", f"must be one of {', '.join(ALGORITHMS)}")
        return
    yield from _wrong_members(where, alg, key)
    numbers = {name: _bytes_of(key.get(name)) for name in _NUMBERS[ALGORITHMS[alg][0]]}
    for name, found in numbers.items():
        if not found:
            yield FieldError(f"{where}.{name}", "must be base64url without padding")
    if all(numbers.values()):
        yield from _wrong_numbers(where, alg, {n: found or b"" for n, found in numbers.items()})


def _wrong_members(where: str, alg: str, key: Mapping[str, object]) -> Iterator[FieldError]:
    members = {"kty": ALGORITHMS[alg][0], **_of_key(alg)}
    if key.keys() - members.keys() - {"kid", "alg", *_NEEDLESS}:
        names = ", ".join(["kid", "alg", *members])
        yield FieldError(where, f"has other members than those of an {alg} key: {names}")
    for name, only in members.items():
        if only is not None and key.get(name) != only:
            yield FieldError(f"{where}.{name}", f"must be {only} with {alg}")
    for name in sorted(key.keys() & _NEEDLESS.keys()):
        if key[name] not in _NEEDLESS[name]:
            yield FieldError(f"{where}.{name}", "must say no more than that the key verifies")


def _wrong_numbers(where: str, alg: str, numbers: Mapping[str, bytes]) -> Iterator[FieldError]:
    if alg == "RS256":
        yield from _wrong_rsa(where, *(int.from_bytes(numbers[name]) for name in ("n", "e")))
        return
    for name, found in numbers.items():
        if len(found) != _COORDINATE:
            yield FieldError(f"{where}.{name}", f"must be {_COORDINATE} bytes")
            return
    try:
        if alg in _SAME:
            Ed25519PublicKey.from_public_bytes(numbers["x"])
        else:
            x, y = (int.from_bytes(numbers[name]) for name in ("x", "y"))
            EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except ValueError:
        # Not chained: what a library says of a number may hold it.
        yield FieldError(where, "is no point of its curve")
        return
    if alg in _SAME and numbers["x"][:-1] + bytes([numbers["x"][-1] & 0x7F]) in _SMALL_ORDER:
        yield FieldError(where, "is a key under which everybody's signature is good")


def _wrong_rsa(where: str, n: int, e: int) -> Iterator[FieldError]:
    if not _MIN_RSA_BITS <= n.bit_length() <= _MAX_RSA_BITS:
        yield FieldError(f"{where}.n", f"must have {_MIN_RSA_BITS} to {_MAX_RSA_BITS} bits")
        return
    if not 1 < e < _MAX_EXPONENT or e % 2 == 0:
        yield FieldError(f"{where}.e", "must be odd, above 1, and have at most 32 bits")
        return
    try:
        RSAPublicNumbers(e, n).public_key()
    except ValueError:
        yield FieldError(where, "is no RSA key")


def _bytes_of(text: object) -> bytes | None:
    return read_base64url(text) if isinstance(text, str) else None
