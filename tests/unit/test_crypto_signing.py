"""Keys that sign access tokens, and the tokens that they sign."""

import base64
import json
import traceback
import warnings
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import import_key

from keystead.crypto.envelope import BrokenEnvelope, Sealer
from keystead.crypto.jose.signing import (
    ALGORITHMS,
    Algorithm,
    KeyPair,
    Signer,
    Signers,
    TokenClaims,
    new_key_pair,
)

SEALER = Sealer({1: bytes(range(32))})
PAIRS = {algorithm: new_key_pair(algorithm) for algorithm in ALGORITHMS}
CLAIMS = TokenClaims(
    iss="https://keystead.example.com",
    exp=1_800_003_600,
    aud="https://scanner.example.com/",
    sub="own_0123456789Az",
    client_id="ksc_0123456789Az",
    iat=1_800_000_000,
    jti="zA9876543210",
    scope="report:read scan:create",
)
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def decode(text: str, jwk: Mapping[str, str], algorithm: str) -> jwt.Token:
    with warnings.catch_warnings():
        # RFC 9864 has given EdDSA a new name, which verifiers have yet to learn.
        warnings.simplefilter("ignore")
        return jwt.decode(text, import_key(dict(jwk)), algorithms=[algorithm])


def pkcs8(key: Any) -> bytes:  # noqa: ANN401  # any private key
    return bytes(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_verifies_by_the_public_jwk_alone(algorithm: Algorithm) -> None:
    pair = PAIRS[algorithm]
    text = Signer(pair.private).sign(CLAIMS).reveal()
    token = decode(text, json.loads(pair.public_jwk), algorithm)
    assert token.header == {"alg": algorithm, "typ": "at+jwt", "kid": pair.kid}
    assert token.claims == {
        "iss": "https://keystead.example.com",
        "exp": 1_800_003_600,
        "aud": "https://scanner.example.com/",
        "sub": "own_0123456789Az",
        "client_id": "ksc_0123456789Az",
        "iat": 1_800_000_000,
        "jti": "zA9876543210",
        "scope": "report:read scan:create",
    }


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_other_claims_have_no_signature(algorithm: Algorithm) -> None:
    pair = PAIRS[algorithm]
    head, _, signature = Signer(pair.private).sign(CLAIMS).reveal().split(".")
    other = base64.urlsafe_b64encode(b'{"scope":"everything"}').rstrip(b"=").decode()
    with pytest.raises(BadSignatureError):
        decode(f"{head}.{other}.{signature}", json.loads(pair.public_jwk), algorithm)


def test_an_audience_of_several_is_an_array() -> None:
    apis = ("https://a.example.com/", "https://b.example.com/")
    pair = PAIRS["ES256"]
    signed = Signer(pair.private).sign(msgspec.structs.replace(CLAIMS, aud=apis))
    token = decode(signed.reveal(), json.loads(pair.public_jwk), "ES256")
    assert token.claims["aud"] == list(apis)


def test_es256_signatures_keep_their_leading_noughts() -> None:
    # One of 128 signatures has a number that is shorter than 32 bytes.
    signer = Signer(PAIRS["ES256"].private)
    assert {len(signer.sign(CLAIMS).reveal().rpartition(".")[2]) for _ in range(600)} == {86}


def test_a_key_is_named_by_its_thumbprint() -> None:
    # RFC 8037, appendices A.1 to A.3.
    seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    signer = Signer(pkcs8(Ed25519PrivateKey.from_private_bytes(seed)))
    assert signer.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert signer.public_jwk == {
        "kid": signer.kid,
        "use": "sig",
        "alg": "EdDSA",
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }
    # Ed25519 signs the same text the same way each time, so a token of these claims never changes.
    assert signer.sign(CLAIMS).reveal() == (
        "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImtQcktfcW14VldhWVZBOXd3QkY2SXVvM3ZWeno3"
        "VHhIQ1R3WEJ5Z3JTNGsifQ.eyJpc3MiOiJodHRwczovL2tleXN0ZWFkLmV4YW1wbGUuY29tIiwiZXhwIjoxODAwM"
        "DAzNjAwLCJhdWQiOiJodHRwczovL3NjYW5uZXIuZXhhbXBsZS5jb20vIiwic3ViIjoib3duXzAxMjM0NTY3ODlBe"
        "iIsImNsaWVudF9pZCI6ImtzY18wMTIzNDU2Nzg5QXoiLCJpYXQiOjE4MDAwMDAwMDAsImp0aSI6InpBOTg3NjU0M"
        "zIxMCIsInNjb3BlIjoicmVwb3J0OnJlYWQgc2NhbjpjcmVhdGUifQ.6HDY2EjyfYVNjgvv8H1swzdOtE3y-nuziq"
        "zzrZoVlMdw3Ydy5eNtFKoOoBuTTqj-LmydOeX7xa1axLfarcSzBg"
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_others_are_shown_has_no_private_member(algorithm: Algorithm) -> None:
    pair = PAIRS[algorithm]
    public = json.loads(pair.public_jwk)
    assert not PRIVATE_MEMBERS & set(public)
    assert (public["kid"], public["alg"], public["use"]) == (pair.kid, algorithm, "sig")
    assert Signer(pair.private).public_jwk == public


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_sealed_key_opens_as_the_key_that_it_is(algorithm: Algorithm) -> None:
    pair = PAIRS[algorithm]
    signer = Signers(SEALER).open(pair.kid, pair.seal(SEALER))
    assert (signer.kid, signer.algorithm) == (pair.kid, algorithm)


def test_a_sealed_key_opens_under_no_other_name() -> None:
    here, there = new_key_pair("ES256"), new_key_pair("ES256")
    with pytest.raises(BrokenEnvelope):
        Signers(SEALER).open(there.kid, here.seal(SEALER))


def test_an_open_key_does_not_open_what_was_put_in_its_place() -> None:
    signers = Signers(SEALER)
    pair = PAIRS["ES256"]
    sealed = pair.seal(SEALER)
    signers.open(pair.kid, sealed)
    with pytest.raises(BrokenEnvelope):
        signers.open(pair.kid, sealed[:-1] + bytes([sealed[-1] ^ 1]))


@pytest.mark.parametrize(
    "private",
    [
        b"",
        b"nonsense",
        pkcs8(generate_private_key(SECP384R1())),
        pkcs8(Ed25519PrivateKey.generate()),
    ],
    ids=["nothing", "nonsense", "another-curve", "another-key"],
)
def test_what_is_sealed_and_not_the_key_is_broken(private: bytes) -> None:
    pair = KeyPair("kid", "EdDSA", "{}", private)
    with pytest.raises(BrokenEnvelope, match="signing key kid is"):
        Signers(SEALER).open("kid", pair.seal(SEALER))


def test_a_key_stays_open_until_it_is_not_kept() -> None:
    signers = Signers(SEALER)
    first, second = PAIRS["ES256"], PAIRS["EdDSA"]
    sealed = {pair.kid: pair.seal(SEALER) for pair in (first, second)}
    opened = {kid: signers.open(kid, envelope) for kid, envelope in sealed.items()}
    assert all(signers.open(kid, sealed[kid]) is signer for kid, signer in opened.items())
    signers.keep({first.kid})
    assert signers.open(first.kid, sealed[first.kid]) is opened[first.kid]
    assert signers.open(second.kid, sealed[second.kid]) is not opened[second.kid]


def test_of_many_keys_those_used_last_stay_open() -> None:
    signers = Signers(SEALER)
    pairs = [new_key_pair("EdDSA") for _ in range(17)]
    sealed = [pair.seal(SEALER) for pair in pairs]
    first = signers.open(pairs[0].kid, sealed[0])
    second = signers.open(pairs[1].kid, sealed[1])
    for pair, envelope in zip(pairs[2:16], sealed[2:16], strict=True):
        signers.open(pair.kid, envelope)
    assert signers.open(pairs[0].kid, sealed[0]) is first
    signers.open(pairs[16].kid, sealed[16])
    assert signers.open(pairs[0].kid, sealed[0]) is first
    assert signers.open(pairs[1].kid, sealed[1]) is not second


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_nothing_prints_a_private_key(algorithm: Algorithm) -> None:
    pair = PAIRS[algorithm]
    signers = Signers(SEALER)
    signer = signers.open(pair.kid, pair.seal(SEALER))
    shown = f"{pair!r} {signer!r} {signers!r} {signer.sign(CLAIMS)!r}"
    for piece in (pair.private[-20:], pair.private[20:40]):
        assert repr(piece)[2:-1] not in shown
        assert piece.hex() not in shown
    assert "eyJ" not in shown
    with pytest.raises(ValueError, match="key") as caught:
        Signer(pair.private[:-1])
    told = "".join(traceback.format_exception(caught.value))
    assert repr(pair.private[20:40])[2:-1] not in told
