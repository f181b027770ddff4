"""Clients that sign assertions, rightly or however a test wants it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keystead.core.secret import Secret

__all__ = ["ClientPair", "b64", "client_pair", "compact", "set_of"]


@dataclass(frozen=True, slots=True)
class ClientPair:
    """A key pair of a client's.

    Attributes:
        algorithm: by which it signs.
        public: the JWK that is registered, with a `kid`.
        sign: signs bytes.
    """

    algorithm: str
    public: dict[str, str]
    sign: Callable[[bytes], bytes]

    @property
    def kid(self) -> str:
        return self.public["kid"]

    def assertion(
        self, claims: object, header: dict[str, Any] | None = None, **more: object
    ) -> Secret:
        """Return an assertion with these claims, and with `more` in its header."""
        said = header if header is not None else {"alg": self.algorithm, "kid": self.kid, **more}
        return compact(said, claims, self.sign)


@cache
def client_pair(algorithm: str = "ES256", name: str = "first") -> ClientPair:
    """Return the pair of a name, made when it is asked for first."""
    public: ECKey | OKPKey | RSAKey
    sign: Callable[[bytes], bytes]
    match algorithm:
        case "ES256":
            p256 = ec.generate_private_key(ec.SECP256R1())
            public = ECKey.import_key(p256.public_key())

            def sign(said: bytes) -> bytes:
                r, s = decode_dss_signature(p256.sign(said, ec.ECDSA(SHA256())))
                return r.to_bytes(32) + s.to_bytes(32)

        case "EdDSA" | "Ed25519":
            ed = ed25519.Ed25519PrivateKey.generate()
            public, sign = OKPKey.import_key(ed.public_key()), ed.sign
        case "RS256" | "PS256":
            modulus = rsa.generate_private_key(65537, 2048)
            public = RSAKey.import_key(modulus.public_key())
            pad = (
                padding.PKCS1v15()
                if algorithm == "RS256"
                else padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
            )

            def sign(said: bytes) -> bytes:
                return modulus.sign(said, pad, SHA256())

        case _:
            raise AssertionError(algorithm)
    jwk = {str(name): str(value) for name, value in public.as_dict(private=False).items()}
    return ClientPair(algorithm, {**jwk, "kid": name, "alg": algorithm}, sign)


def set_of(*pairs: ClientPair) -> dict[str, list[dict[str, str]]]:
    """Return the JWK set of these."""
    return {"keys": [pair.public for pair in pairs]}


def compact(header: object, claims: object, sign: Callable[[bytes], bytes]) -> Secret:
    """Return header and claims, each JSON or the bytes that shall stand there, and what signs them."""
    said = f"{b64(header)}.{b64(claims)}"
    return Secret(f"{said}.{b64(sign(said.encode()))}")


def b64(value: object) -> str:
    """Write bytes, or something as JSON, in base64url."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()
