"""Recognition: each outcome a type of its own, so that "no token" and "bad token" cannot be confused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, Protocol

from msgspec import Struct

from keystead.core.arrival import Presented
from keystead.core.errors import Forbidden, Refused, Unauthenticated
from keystead.credentials.kind import ACCESS_TOKEN, API_TOKEN, KINDS_BY_MARK
from keystead.crypto.digest import sha256_of
from keystead.crypto.jose.assertion import RefusedAssertion, verify_assertion
from keystead.crypto.jose.strict import jwt_id
from keystead.crypto.token_format import (
    is_jwt,
    is_legacy,
    public_id,
    read_public_id,
    read_secret,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.core.clock import Instant
    from keystead.credentials.kind import Kind
    from keystead.crypto.digest import Digester
    from keystead.ports.credentials import Known

__all__ = [
    "ASSERTION",
    "Failed",
    "Finder",
    "Misplaced",
    "NotMine",
    "Outcome",
    "Verified",
    "is_cookie",
    "recognise",
    "refusal_of",
]


@dataclass(frozen=True, slots=True)
class NotMine:
    """Nothing was presented."""


class Verified(Struct, frozen=True):
    """The secret is right; whether the credential may be used now is not judged yet."""

    known: Known


@dataclass(frozen=True, slots=True)
class Failed:
    """Something was presented that belongs to nobody; `why` is for the audit, never for the client."""

    why: str


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A browser's cookie came where no browser asks."""


ASSERTION: Final = "private_key_jwt"
"""The scheme of what a client has signed with a key of its own."""

Outcome = NotMine | Verified | Failed | Misplaced


class Finder(Protocol):
    """Where what was presented is looked up."""

    async def find(
        self, candidates: Collection[tuple[int, bytes]], id12: str | None
    ) -> Known | None:
        """Return the credential that a digest belongs to, if it carries the token's own id.

        An imported token has none: for None only an imported one is found.
        """

    async def find_minted(self, candidates: Collection[tuple[int, bytes]]) -> Known | None:
        """Return the access token that a digest belongs to."""

    async def find_signing(self, id12: str) -> Known | None:
        """Return the client of this id that has registered keys."""


async def recognise(
    presented: Presented | None, digester: Digester, finder: Finder, at: Instant
) -> Outcome:
    """Find out whose secret this is.

    The check digits throw out typos before anything is looked up. The look-up is by keyed digest, once per
    live pepper, and the row must carry the token's own id: a digest moved to another row opens nothing. A JWT
    is looked up like any other token, by a digest of the whole of it, and its `jti` is its id: one that was
    not minted here, or was changed by a bit, is nobody's, whatever it says of itself. An imported token says
    nothing of itself: its digest must be bound to the credential in whose row it stands.
    """
    if presented is None:
        return NotMine()
    if presented.scheme == ASSERTION:
        return await _asserted(presented, finder, at)
    parts = read_secret(presented.mark)
    if parts is None:
        return await _of_another_form(presented, digester, finder)
    if parts.mark not in KINDS_BY_MARK:
        return Failed("malformed")
    identity = presented.identity
    if identity is not None and identity != public_id(parts.mark, parts.id12):
        return Failed("another's id")
    kind = KINDS_BY_MARK[parts.mark]
    if not _suits(presented.scheme, kind):
        return Failed("scheme")
    candidates = digester.candidates(presented.mark)
    if kind.is_minted:
        known = await finder.find_minted(candidates)
        good = known is not None and known.credential.id12 == parts.id12
    else:
        known = await finder.find(candidates, parts.id12)
        good = known is not None and known.credential.kind == kind.name
    return Verified(known) if known is not None and good else Failed("unknown")


async def _of_another_form(presented: Presented, digester: Digester, finder: Finder) -> Outcome:
    if is_jwt(presented.mark):
        if not _suits(presented.scheme, ACCESS_TOKEN):
            return Failed("scheme")
        known = await finder.find_minted(digester.candidates(presented.mark))
        good = known is not None and known.credential.id12 == jwt_id(presented.mark)
        return Verified(known) if known is not None and good else Failed("unknown")
    if is_legacy(presented.mark):
        return await _imported(presented, digester, finder)
    return Failed("malformed")


async def _imported(presented: Presented, digester: Digester, finder: Finder) -> Outcome:
    if not _suits(presented.scheme, API_TOKEN):
        return Failed("scheme")
    sha256 = sha256_of(presented.mark)
    known = await finder.find(digester.legacy_candidates(sha256), None)
    if known is None or known.credential.kind != API_TOKEN.name:
        return Failed("unknown")
    stored = known.secret
    if not digester.is_bound(sha256, known.credential.id, stored.pepper_n, stored.binding):
        return Failed("unknown")
    return Verified(known)


async def _asserted(presented: Presented, finder: Finder, at: Instant) -> Outcome:
    """Judge what a client has signed; whether it was used before is for the act that uses it up."""
    identity = presented.identity or ""
    mark, id12 = read_public_id(identity) or ("", "")
    if mark not in KINDS_BY_MARK or not KINDS_BY_MARK[mark].has_keys:
        return Failed("malformed")
    known = await finder.find_signing(id12)
    keys = None if known is None else known.credential.public_jwks
    found = verify_assertion(
        presented.mark,
        # Of a client that is not there a signature is checked as well, which takes as long.
        keys or "",
        issuer=presented.audience,
        client_id=identity,
        at=at,
        legacy_audience=None if known is None else known.credential.legacy_audience,
    )
    if known is None or keys is None:
        return Failed("unknown")
    if isinstance(found, RefusedAssertion):
        return Failed(found.why)
    return Verified(replace(known, assertion=found))


def is_cookie(presented: Presented | Literal["system"] | None) -> bool:
    """Say whether a browser's cookie is all that was presented."""
    return isinstance(presented, Presented) and presented.scheme == "cookie"


def _suits(scheme: str, kind: Kind) -> bool:
    """Say whether a kind is presented so: a pair has a public id, and a cookie holds a session."""
    match scheme:
        case "basic":
            return kind.is_pair
        case "cookie":
            return kind.name == "session"
        case _:
            return True


def refusal_of(outcome: NotMine | Failed | Misplaced) -> Refused:
    """Return what a stranger is told; why it failed is in the rule, for the audit alone."""
    match outcome:
        case Misplaced():
            return Forbidden(
                "cookie_auth_not_allowed",
                "a cookie is not accepted here; send a token in the Authorization header",
                rule="cookie",
            )
        case NotMine():
            return Unauthenticated(
                "missing_credential", "present a credential in the Authorization header"
            )
        case Failed(why):
            return Unauthenticated(
                "invalid_credential", "the credential presented is not valid", rule=why
            )
