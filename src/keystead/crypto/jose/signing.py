"""The keys that sign access tokens: how they are made, sealed and opened, and the signing itself.

A token is a JWT by the profile of RFC 9068, in compact serialisation. joserfc makes the JWKs and their
thumbprints. The signature is taken from `cryptography` directly: all but the claims is laid out when a key
is opened, and a token then takes two thirds of the time of `joserfc.jwt.encode`.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keystead.core.secret import Secret
from keystead.crypto.envelope import BrokenEnvelope, Place, Sealer

__all__ = ["ALGORITHMS", "Algorithm", "KeyPair", "Signer", "Signers", "TokenClaims", "new_key_pair"]

Algorithm = Literal["ES256", "EdDSA", "RS256"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)
"""By which a token can be signed; the first is the default. EdDSA is Ed25519."""

# NIST SP 800-57 part 1, table 2: 112 bits of strength, enough to 2030. Larger ones sign several times slower.
_RSA_BITS: Final = 2048
_RSA_EXPONENT: Final = 65537
_COORDINATE: Final = 32
_OPEN_KEYS: Final = 16
_ES256: Final = ECDSA(SHA256())
_RS256: Final = (PKCS1v15(), SHA256())
_ENCODER: Final = msgspec.json.Encoder()

_PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey


class TokenClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token says (RFC 9068 §2.2).

    Attributes:
        iss: the issuer identifier.
        exp: exclusive end, in whole seconds since 1970.
        aud: the API's identifier, or several ones.
        sub: whom it stands for; of client credentials the client itself.
        client_id: who asked for it.
        iat: when it was minted, in whole seconds since 1970.
        jti: its own id.
        scope: what was granted, separated by spaces.
    """

    iss: str
    exp: int
    aud: str | tuple[str, ...]
    sub: str
    client_id: str
    iat: int
    jti: str
    scope: str


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair that was made just now.

    Attributes:
        kid: the RFC 7638 thumbprint of its public half.
        public_jwk: that half as others are shown it, in JSON.
        private: the other one, PKCS #8 in DER.
    """

    kid: str
    algorithm: Algorithm
    public_jwk: str
    private: bytes = field(repr=False)

    def seal(self, sealer: Sealer) -> bytes:
        """Return the private half, sealed for the row of its own `kid`."""
        return sealer.seal(place_of_signing_key(self.kid), self.private)


class Signer:
    """An opened key.

    Attributes:
        kid: as every token that it signs names it.
        algorithm: by which it signs.
        public_jwk: its public half, as others are shown it.
    """

    __slots__ = ("_head", "_signature", "algorithm", "kid", "public_jwk")

    def __init__(self, private: bytes) -> None:
        """Open a private key.

        Raises:
            ValueError: it is none, or of no known algorithm.
        """
        # Checking the primes of an RSA key takes 0.1 s of the event loop. It came out of an authenticated
        # envelope as it was made.
        key = load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True)
        self.algorithm, self._signature = _signature_of(key)
        self.public_jwk: Final = _public_jwk(key)
        self.kid: Final = self.public_jwk["kid"]
        head = {"alg": self.algorithm, "typ": "at+jwt", "kid": self.kid}
        self._head: Final = _base64url(_ENCODER.encode(head)) + b"."

    def sign(self, claims: TokenClaims) -> Secret:
        """Return the token that says so."""
        said = self._head + _base64url(_ENCODER.encode(claims))
        return Secret((said + b"." + _base64url(self._signature(said))).decode())


class Signers:
    """One process's opened keys: those that were used last stay open, so that no token waits for one."""

    __slots__ = ("_open", "_sealer")

    def __init__(self, sealer: Sealer) -> None:
        """Open none yet."""
        self._sealer: Final = sealer
        self._open: Final[OrderedDict[tuple[str, bytes], Signer]] = OrderedDict()

    def open(self, kid: str, sealed: bytes) -> Signer:
        """Return what signs by a sealed key.

        Raises:
            BrokenEnvelope: it was altered, or is another key's.
        """
        found = self._open.get((kid, sealed))
        if found is None:
            found = self._opened(kid, sealed)
            self._open[kid, sealed] = found
            if len(self._open) > _OPEN_KEYS:
                self._open.popitem(last=False)
        self._open.move_to_end((kid, sealed))
        return found

    def keep(self, kids: Collection[str]) -> None:
        """Forget every key but these."""
        for kid, sealed in [held for held in self._open if held[0] not in kids]:
            del self._open[kid, sealed]

    def _opened(self, kid: str, sealed: bytes) -> Signer:
        private = self._sealer.open(place_of_signing_key(kid), sealed)
        try:
            signer = Signer(private)
        except ValueError:
            raise BrokenEnvelope(f"signing key {kid} is no key") from None
        if signer.kid != kid:
            raise BrokenEnvelope(f"signing key {kid} is another one")
        return signer


def new_key_pair(algorithm: Algorithm) -> KeyPair:
    """Make a key pair; an RSA one takes 0.1 s of a processor, the others next to nothing."""
    key: _PrivateKey
    match algorithm:
        case "ES256":
            key = generate_private_key(SECP256R1())
        case "EdDSA":
            key = Ed25519PrivateKey.generate()
        case "RS256":
            key = generate_rsa_key(_RSA_EXPONENT, _RSA_BITS)
    public = _public_jwk(key)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(public["kid"], algorithm, _ENCODER.encode(public).decode(), private)


def _signature_of(key: object) -> tuple[Algorithm, Callable[[bytes], bytes]]:
    match key:
        case EllipticCurvePrivateKey(curve=SECP256R1()):

            def es256(said: bytes) -> bytes:
                # RFC 7518 §3.4: the two numbers at their full width, not the DER that OpenSSL gives.
                r, s = decode_dss_signature(key.sign(said, _ES256))
                return r.to_bytes(_COORDINATE) + s.to_bytes(_COORDINATE)

            return "ES256", es256
        case Ed25519PrivateKey():
            return "EdDSA", key.sign
        case RSAPrivateKey():
            return "RS256", lambda said: key.sign(said, *_RS256)
        case _:
            raise ValueError("no key of a known algorithm")


def _public_jwk(key: object) -> dict[str, str]:
    # Of the public half alone, so that nothing of the other one can come along.
    jwk: ECKey | OKPKey | RSAKey
    algorithm: Algorithm
    match key:
        case EllipticCurvePrivateKey():
            jwk, algorithm = ECKey.import_key(key.public_key()), "ES256"
        case Ed25519PrivateKey():
            jwk, algorithm = OKPKey.import_key(key.public_key()), "EdDSA"
        case RSAPrivateKey():
            jwk, algorithm = RSAKey.import_key(key.public_key()), "RS256"
        case _:
            raise ValueError("no key of a known algorithm")
    public = {name: str(value) for name, value in jwk.as_dict(private=False).items()}
    named = {"kid": jwk.thumbprint(), "use": "sig", "alg": algorithm}
    return {**named, "kty": jwk.key_type, **public}


def place_of_signing_key(kid: str) -> Place:
    """Return what a private half is bound to."""
    return Place("signing_keys", kid, "sealed", 1)


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
