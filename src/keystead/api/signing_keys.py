"""The keys that sign access tokens, by the native API. Row K2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from keystead.api.instants import text_of
from keystead.core.clock import format_instant
from keystead.credentials.signing_key import KeyState
from keystead.crypto.jose.signing import Algorithm
from keystead.operations import signing_keys as verbs
from keystead.web.call import Answer, Call, as_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SigningKeyAnswer",
    "SigningKeyList",
    "SigningKeyRotation",
    "list_all",
    "rotate",
]


class SigningKeyRotation(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which algorithm is to have a new key."""

    algorithm: Algorithm


class SigningKeyAnswer(Struct, frozen=True):
    """A signing key.

    It is `next` while it is published and does not sign yet, then `signing`, `retiring` until the last token
    that it signed has ended, and `ended`.
    """

    kid: str
    algorithm: Algorithm
    state: KeyState
    created_at: str
    signs_from: str
    ends_at: str | None
    public_jwk: dict[str, Any]


class SigningKeyList(Struct, frozen=True):
    """Every signing key, by algorithm, those that sign last first; there are no further pages."""

    items: tuple[SigningKeyAnswer, ...]
    next_page_token: None = None


async def list_all(call: Call) -> Answer:
    """GET /signing-keys."""
    listed = await call.perform(verbs.list_signing_keys)
    return as_answer(SigningKeyList(tuple(map(_key_answer, listed))))


async def rotate(call: Call) -> Answer:
    """POST /signing-keys/rotate."""
    body = call.json(SigningKeyRotation)
    return await call.change(_rotated, verbs.rotate_signing_key, body.algorithm)


def _rotated(listed: verbs.ListedKey) -> Answer:
    return as_answer(_key_answer(listed))


def _key_answer(listed: verbs.ListedKey) -> SigningKeyAnswer:
    key = listed.key
    public: Mapping[str, Any] = msgspec.json.decode(key.public_jwk)
    return SigningKeyAnswer(
        kid=key.kid,
        algorithm=key.algorithm,
        state=listed.state,
        created_at=format_instant(key.created_at),
        signs_from=format_instant(key.signs_from),
        ends_at=text_of(key.ends_at),
        public_jwk=dict(public),
    )
