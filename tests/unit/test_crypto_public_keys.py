"""Which sets of public keys a client may register."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from keystead.crypto.jose.public_keys import (
    _SMALL_ORDER,
    ALGORITHMS,
    canonical_jwks,
    client_keys,
    wrong_public_jwks,
)
from tests.assertions import client_pair, set_of

_EC: Final = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
_OKP: Final = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
_RSA: Final = rsa.generate_private_key(65537, 2048).public_key().public_numbers()

JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=12,
)


def _b64(number: int | bytes, size: int = 0) -> str:
    raw = number
    if isinstance(raw, int):
        raw = raw.to_bytes(size or (raw.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def es256(**more: object) -> dict[str, Any]:
    key = {"kty": "EC", "crv": "P-256", "x": _b64(_EC.x, 32), "y": _b64(_EC.y, 32)}
    return _without({**key, "alg": "ES256", "kid": "ec", **more})


def eddsa(**more: object) -> dict[str, Any]:
    key = {"kty": "OKP", "crv": "Ed25519", "x": _b64(_OKP)}
    return _without({**key, "alg": "EdDSA", "kid": "okp", **more})


def rs256(**more: object) -> dict[str, Any]:
    key = {"kty": "RSA", "n": _b64(_RSA.n), "e": _b64(_RSA.e)}
    return _without({**key, "alg": "RS256", "kid": "rsa", **more})


def _without(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if value is not ...}


def fields(*keys: object, **more: object) -> list[str]:
    return [error.field for error in wrong_public_jwks({"keys": list(keys), **more})]


def test_a_set_of_each_sort_is_in_order_and_kept_without_what_says_nothing() -> None:
    exported = es256(use="sig", key_ops=["verify"], ext=True)
    assert fields(exported, eddsa(), rs256()) == []
    kept = json.loads(canonical_jwks({"keys": [exported, eddsa(), rs256()]}))
    assert kept == {"keys": [es256(), eddsa(), rs256()]}


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ([], ["public_jwks.keys"]),
        ([es256(kid=str(n)) for n in range(11)], ["public_jwks.keys"]),
        ([es256(), es256()], ["public_jwks.keys"]),
        (["key"], ["public_jwks.keys[0]"]),
        ([es256(kid=...)], ["public_jwks.keys[0].kid"]),
        ([es256(kid="")], ["public_jwks.keys[0].kid"]),
        ([es256(kid="a b")], ["public_jwks.keys[0].kid"]),
        ([es256(kid="k" * 129)], ["public_jwks.keys[0].kid"]),
        ([es256(kid=["k"])], ["public_jwks.keys[0].kid"]),
        ([es256(alg=...)], ["public_jwks.keys[0].alg"]),
        ([es256(alg="none")], ["public_jwks.keys[0].alg"]),
        ([es256(alg="HS256")], ["public_jwks.keys[0].alg"]),
        ([es256(alg="ES384")], ["public_jwks.keys[0].alg"]),
        ([es256(alg=["ES256"])], ["public_jwks.keys[0].alg"]),
        ([es256(crv="P-384")], ["public_jwks.keys[0].crv"]),
        ([es256(crv="secp256k1")], ["public_jwks.keys[0].crv"]),
        ([es256(kty="RSA")], ["public_jwks.keys[0].kty"]),
        ([es256(x=...)], ["public_jwks.keys[0].x"]),
        ([es256(x=_b64(_EC.x, 32) + "=")], ["public_jwks.keys[0].x"]),
        ([es256(x="*" * 43)], ["public_jwks.keys[0].x"]),
        ([es256(x=7)], ["public_jwks.keys[0].x"]),
        ([es256(x="A")], ["public_jwks.keys[0].x"]),
        ([es256(x=_b64(_EC.x, 33))], ["public_jwks.keys[0].x"]),
        ([es256(x=_b64(_EC.y, 32))], ["public_jwks.keys[0]"]),
        ([es256(use="enc")], ["public_jwks.keys[0].use"]),
        ([es256(key_ops=["sign"])], ["public_jwks.keys[0].key_ops"]),
        ([es256(x5u="https://example.com/key")], ["public_jwks.keys[0]"]),
        ([es256(jku="https://example.com/keys")], ["public_jwks.keys[0]"]),
        ([es256(x5c=["MII"])], ["public_jwks.keys[0]"]),
        ([es256(n="AQAB")], ["public_jwks.keys[0]"]),
        ([eddsa(crv="X25519")], ["public_jwks.keys[0].crv"]),
        ([eddsa(x=_b64(_OKP[:31]))], ["public_jwks.keys[0].x"]),
        ([rs256(n=_b64(_RSA.n >> 8))], ["public_jwks.keys[0].n"]),
        ([rs256(n=_b64((1 << 8192) + 1))], ["public_jwks.keys[0].n"]),
        ([rs256(e=_b64(1))], ["public_jwks.keys[0].e"]),
        ([rs256(e=_b64(65536))], ["public_jwks.keys[0].e"]),
        ([rs256(e=_b64(2**33 + 1))], ["public_jwks.keys[0].e"]),
        ([rs256(alg="PS256")], ["public_jwks.keys[0].alg"]),
        ([eddsa(), es256(kid="okp", y=...)], ["public_jwks.keys[1].y", "public_jwks.keys"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_field(keys: list[object], wrong: list[str]) -> None:
    assert fields(*keys) == wrong


def test_a_set_has_keys_and_nothing_else() -> None:
    assert fields(es256(), jku="https://example.com") == ["public_jwks"]
    assert [error.field for error in wrong_public_jwks({})] == ["public_jwks.keys"]
    assert [error.field for error in wrong_public_jwks(es256())] == ["public_jwks.keys"]


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_private_key_is_refused_and_not_repeated(member: str) -> None:
    private = "a-private-number-that-nobody-may-see"
    (error,) = wrong_public_jwks({"keys": [es256(**{member: private, "kid": private})]})
    assert error.field == "public_jwks.keys[0]"
    assert "replace it" in error.message
    assert private not in error.message


@given(JSON, st.sampled_from([es256, eddsa, rs256]), st.data())
def test_whatever_is_sent_is_judged_and_nothing_of_it_repeated(
    value: object, make: Callable[..., dict[str, Any]], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(make())) | st.text(max_size=6))
    wrong = wrong_public_jwks({"keys": [make(**{name: value}), value]})
    assert wrong
    if isinstance(value, str) and len(value) > 12:
        assert not any(value in error.message for error in wrong)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_kept_key_verifies_what_its_other_half_signed(algorithm: str) -> None:
    pair = client_pair(algorithm)
    (key,) = client_keys(canonical_jwks(set_of(pair)))
    assert (key.kid, algorithm in key.algorithms) == (pair.kid, True)
    assert key.verifies(b"said", pair.sign(b"said"))
    assert not key.verifies(b"other", pair.sign(b"said"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        '{"keys":[]}',
        '{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"first","alg":"HS256"}]}',
        '{"keys":[{"kty":"EC","crv":"P-257","x":"AA","y":"AA","kid":"first","alg":"ES256"}]}',
        '{"keys":[],"keys":[]}',
        "\ud800",
    ],
)
def test_of_a_kept_set_that_somebody_spoiled_there_are_no_keys(text: str) -> None:
    assert client_keys(text) == ()


PRIME: Final = 2**255 - 19


def small_order() -> set[bytes]:
    """The y of each point of order 1, 2, 4 or 8, below the prime and where 255 bits hold it once more."""
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    # A point of order 8, doubled, has y = 0: there x² = -y², so that d·y⁴ + 2·y² - 1 = 0.
    root = square_root((1 + d) % PRIME)
    ys = {0, 1, PRIME - 1}
    for square in ((sign * root - 1) * pow(d, -1, PRIME) % PRIME for sign in (1, -1)):
        y = square_root(square)
        if y * y % PRIME == square:
            ys |= {y, PRIME - y}
    return {y.to_bytes(32, "little") for low in ys for y in (low, low + PRIME) if y < 2**255}


def square_root(square: int) -> int:
    root = pow(square, (PRIME + 3) // 8, PRIME)
    if root * root % PRIME != square:
        root = root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return root


def test_the_keys_of_small_order_are_all_of_them() -> None:
    assert small_order() == _SMALL_ORDER


@pytest.mark.parametrize("x", sorted(_SMALL_ORDER), ids=lambda x: x.hex()[:8])
@pytest.mark.parametrize("sign", [0, 0x80])
def test_a_key_under_which_everybody_signs_is_refused(x: bytes, sign: int) -> None:
    assert fields(eddsa(x=_b64(x[:-1] + bytes([x[-1] | sign])))) == ["public_jwks.keys[0]"]


def test_such_a_key_does_verify_what_nobody_signed() -> None:
    neutral = b"\x01" + bytes(31)
    key = ed25519.Ed25519PublicKey.from_public_bytes(neutral)
    key.verify(neutral + bytes(32), b"anything at all")


def test_a_number_has_one_spelling() -> None:
    spelled = es256()["x"]
    last = {"A": "B", "E": "F", "I": "J", "M": "N", "Q": "R", "U": "V", "Y": "Z", "c": "d"}
    last |= {"g": "h", "k": "l", "o": "p", "s": "t", "w": "x", "0": "1", "4": "5", "8": "9"}
    assert fields(es256(x=spelled[:-1] + last[spelled[-1]])) == ["public_jwks.keys[0].x"]
