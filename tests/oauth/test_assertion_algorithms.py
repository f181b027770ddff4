"""By what a client may sign: the algorithm that its key was registered for, and by no secret."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keystead.core.clock import SystemClock
from tests.assertions import b64, client_pair, compact
from tests.doors.cast import ok
from tests.oauth.asking import GRANT, TOKEN, basic, client, error, post, whoami
from tests.oauth.signing import Signing, proof_of, signing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import Answer, Server

KEYS: Final = {"ES256": ECKey, "EdDSA": OKPKey, "Ed25519": OKPKey, "RS256": RSAKey}
EACH = pytest.mark.parametrize("algorithm", KEYS)
HASHES: Final = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
REFUSED: Final = (401, "invalid_client")


@EACH
def test_each_algorithm_that_is_told_proves_its_client(server: Server, algorithm: str) -> None:
    told = ok(server.call("GET", "/.well-known/oauth-authorization-server"))
    assert algorithm in told["token_endpoint_auth_signing_alg_values_supported"]
    made = signing(server, "tokens:verify", "accounts:list", algorithm=algorithm)
    token = ok(made.ask(made.assertion()))["access_token"]
    assert whoami(server, token).status == 200
    for path in ("/oauth/introspect", "/oauth/revoke"):
        pairs = [("token", token), *proof_of(made.assertion())]
        assert post(server, path, pairs).status == 200
    assert whoami(server, token).status == 401


@EACH
def test_without_a_kid_the_one_key_of_its_algorithm_is_meant(
    server: Server, algorithm: str
) -> None:
    made = signing(server, algorithm=algorithm)
    assert made.ask(made.assertion({"alg": algorithm})).status == 200


@pytest.mark.parametrize("names", [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")])
def test_one_signature_has_two_names(server: Server, names: tuple[str, str]) -> None:
    made = signing(server, algorithm=names[0])
    assert made.ask(made.assertion({"alg": names[1], "kid": "first"})).status == 200


@EACH
def test_a_key_that_was_not_registered_proves_nobody(server: Server, algorithm: str) -> None:
    made = signing(server, algorithm=algorithm)
    other = Signing(server, made.id, client_pair(algorithm, "second"), made.record)
    header = {"alg": algorithm, "kid": "first"}
    assert error(other.ask(other.assertion(header))) == REFUSED
    assert made.ask(made.assertion(header)).status == 200


@EACH
@pytest.mark.parametrize(
    "claimed",
    [
        "ES256",
        "ES384",
        "ES512",
        "EdDSA",
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "HS256",
        "none",
        "None",
    ],
)
def test_another_algorithm_than_the_keys_own_is_refused(
    server: Server, algorithm: str, claimed: str
) -> None:
    made = signing(server, algorithm=algorithm)
    good = claimed == algorithm or {claimed, algorithm} == {"EdDSA", "Ed25519"}
    for header in ({"alg": claimed, "kid": "first"}, {"alg": claimed}):
        answer = made.ask(made.assertion(header))
        assert answer.status == 200 if good else error(answer) == REFUSED


def test_a_good_signature_of_another_scheme_by_the_same_key_is_refused(server: Server) -> None:
    pair = client_pair("PS256", "first")
    registered = {"keys": [{**pair.public, "alg": "RS256"}]}
    made = signing(server, algorithm="RS256", public_jwks=registered)
    by_pss = Signing(server, made.id, pair, made.record)
    for claimed in ("PS256", "RS256"):
        assert error(by_pss.ask(by_pss.assertion({"alg": claimed, "kid": "first"}))) == REFUSED


def claims(made: Signing) -> dict[str, Any]:
    return {
        "iss": made.id, "sub": made.id, "aud": made.server.url, "exp": made.now + 60,
        "jti": made.server.unique("jti"),
    }  # fmt: skip


def forms_of(made: Signing, algorithm: str) -> dict[str, bytes]:
    """Return a public key in every form in which somebody could use it as a secret."""
    jwk = KEYS[algorithm].import_key(made.pair.public)  # type: ignore[attr-defined]
    public = jwk.public_key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    kept = {name: made.pair.public[name] for name in sorted(made.pair.public)}
    found = {
        "PEM": pem,
        "PEM without its last line's end": pem.rstrip(),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "the JWK": json.dumps(made.pair.public).encode(),
        "the JWK, sorted and dense": json.dumps(kept, separators=(",", ":")).encode(),
        "nothing": b"",
        "its kid": made.pair.kid.encode(),
    }
    if algorithm == "RS256":
        found["PKCS 1"] = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
        found["n"] = made.pair.public["n"].encode()
    else:
        found["x"] = made.pair.public["x"].encode()
    return found


def signed_by(secret: bytes, hashed: str = "HS256") -> Callable[[bytes], bytes]:
    return lambda said: hmac.digest(secret, said, HASHES[hashed])


@EACH
@pytest.mark.parametrize("hashed", HASHES)
def test_the_public_key_is_no_secret_to_sign_with(
    server: Server, algorithm: str, hashed: str
) -> None:
    made = signing(server, algorithm=algorithm)
    forms = forms_of(made, algorithm)
    for secret in forms.values():
        for header in ({"alg": hashed, "kid": "first"}, {"alg": hashed}):
            forged = compact(header, claims(made), signed_by(secret, hashed)).reveal()
            assert error(made.ask(forged)) == REFUSED
    # The registered algorithm is claimed, and the signature is an HMAC of just that.
    forged = compact(
        {"alg": algorithm, "kid": "first"}, claims(made), signed_by(forms["PEM"])
    ).reveal()
    assert error(made.ask(forged)) == REFUSED


@EACH
@pytest.mark.parametrize("claimed", ["none", "None", "NONE", "nOnE", ""])
def test_what_is_not_signed_is_no_proof(server: Server, algorithm: str, claimed: str) -> None:
    made = signing(server, algorithm=algorithm)
    said = f"{b64({'alg': claimed, 'kid': 'first'})}.{b64(claims(made))}"
    for text in (f"{said}.", said, f"{said}.{b64(b'x')}", f"{said}..", f"{said}.{b64(bytes(64))}"):
        assert error(made.ask(text)) == REFUSED


def secret_jwt(server: Server, id_: str, secret: str, hashed: str = "HS256") -> str:
    said = {
        "iss": id_, "sub": id_, "aud": server.url, "exp": SystemClock().now() // 1_000_000 + 60,
        "jti": server.unique("jti"),
    }  # fmt: skip
    return compact({"alg": hashed}, said, signed_by(secret.encode(), hashed)).reveal()


@pytest.mark.parametrize("hashed", HASHES)
@pytest.mark.parametrize("path", [TOKEN, "/oauth/introspect", "/oauth/revoke"])
def test_a_client_proves_itself_by_no_signature_with_its_secret(
    server: Server, path: str, hashed: str
) -> None:
    made = client(server, "tokens:verify", "accounts:list")

    def asked(assertion: str) -> Answer:
        return post(server, path, [GRANT, ("token", "x"), *proof_of(assertion)])

    refused = asked(secret_jwt(server, made.id, made.secret, hashed))
    assert error(refused) == REFUSED
    unknown = post(server, path, [GRANT, ("token", "x")], authorization=basic(made.id, "x"))
    assert refused.body == unknown.body
    assert refused.headers["www-authenticate"] == unknown.headers["www-authenticate"]
    told = ok(server.call("GET", "/.well-known/oauth-authorization-server"))
    methods = told["token_endpoint_auth_methods_supported"]
    assert "client_secret_jwt" not in methods
    assert "none" not in methods


@EACH
@pytest.mark.parametrize("length", [500, 513, 2000])
def test_a_long_header_is_read(server: Server, algorithm: str, length: int) -> None:
    made = signing(server, algorithm=algorithm)
    header = {"alg": algorithm, "kid": "first", "x5t#S256": "x" * length}
    assert len(b64(header)) > length
    assert made.ask(made.assertion(header)).status == 200


def test_one_that_is_far_too_long_is_not(server: Server) -> None:
    made = signing(server)
    header = {"alg": "ES256", "kid": "first", "more": "x" * 7000}
    assert error(made.ask(made.assertion(header))) == REFUSED
