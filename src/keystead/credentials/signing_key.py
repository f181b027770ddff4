"""The keys that sign access tokens which are JWTs: from when each is shown, signs, and is needed no more.

An API that verifies tokens by itself remembers the public keys for a while. So a key is published for so long
before it signs, and stays until the last token that it signed has ended:

    made ─ published ─ signs ─────────────── its successor signs ─ its last token ends
           │           │                                           │
           created_at  signs_from                                  ends_at: no more published, destroyed

The first keys of all, made when the house is founded, sign at once: nobody can remember a set without them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from keystead.core.clock import DAY, MINUTE, SECOND, Instant, later

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.crypto.jose.signing import Algorithm, KeyPair

__all__ = [
    "CACHE_SECONDS",
    "LONGEST_TOKEN",
    "PUBLISHED_BEFORE",
    "KeyState",
    "SigningKey",
    "first_key",
    "newest_of",
    "next_key",
    "signer_at",
    "state_of",
    "superseded_at",
]

CACHE_SECONDS: Final = 300
"""For how long others may remember the published keys."""

LONGEST_TOKEN: Final = DAY
"""The longest life of an access token, in microseconds."""

# Nodes' clocks differ by seconds, and an act is published only once it is kept.
_LEEWAY: Final = MINUTE

PUBLISHED_BEFORE: Final = CACHE_SECONDS * SECOND + _LEEWAY
"""How long a key is published before it signs, in microseconds."""

KeyState = Literal["next", "signing", "retiring", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One signing key.

    Attributes:
        kid: the thumbprint of its public half, by which tokens name it.
        public_jwk: that half in JSON, as it was when it was made; what is published is made of `sealed`, so
            that nobody who writes the database can add a key of his own.
        sealed: the private half; empty once it is destroyed.
        signs_from: the first instant at which it signs.
        ends_at: exclusive end, from which on it is neither published nor kept; None until it has a
            successor.
    """

    kid: str
    algorithm: Algorithm
    public_jwk: str = field(repr=False)
    sealed: bytes = field(repr=False)
    created_at: Instant
    signs_from: Instant
    ends_at: Instant | None = None

    def is_published(self, at: Instant) -> bool:
        """Say whether others are shown it at an instant."""
        return self.ends_at is None or at < self.ends_at


def first_key(pair: KeyPair, sealed: bytes, at: Instant, signs_from: Instant) -> SigningKey:
    """Return the first key of its algorithm, made now."""
    return SigningKey(
        kid=pair.kid,
        algorithm=pair.algorithm,
        public_jwk=pair.public_jwk,
        sealed=sealed,
        created_at=at,
        signs_from=signs_from,
    )


def next_key(pair: KeyPair, sealed: bytes, at: Instant) -> SigningKey:
    """Return the successor of a key, made now."""
    return first_key(pair, sealed, at, later(at, PUBLISHED_BEFORE))


def superseded_at(successor: SigningKey) -> Instant:
    """Return the end of the key that this one succeeds."""
    return later(successor.signs_from, LONGEST_TOKEN + _LEEWAY)


def newest_of(keys: Iterable[SigningKey], algorithm: Algorithm) -> SigningKey | None:
    """Return the key of an algorithm that no other has succeeded."""
    return next((k for k in keys if k.algorithm == algorithm and k.ends_at is None), None)


def signer_at(keys: Iterable[SigningKey], algorithm: Algorithm, at: Instant) -> SigningKey | None:
    """Return the key by which tokens of an algorithm are signed at an instant."""
    begun = [k for k in keys if k.algorithm == algorithm and k.signs_from <= at]
    return max(begun, key=lambda key: (key.signs_from, key.kid), default=None)


def state_of(key: SigningKey, keys: Iterable[SigningKey], at: Instant) -> KeyState:
    """Return what one of all keys is good for at an instant."""
    if not key.is_published(at):
        return "ended"
    if at < key.signs_from:
        return "next"
    return "signing" if signer_at(keys, key.algorithm, at) == key else "retiring"
