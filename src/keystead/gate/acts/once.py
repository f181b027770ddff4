"""A change that may be asked for twice and is made once: by the client's key, and the answer kept for it.

The key is claimed in the act's own transaction before anything else is done, so that of two requests with
one key the second waits for the first and is given its answer. Kept are successes alone: what was refused
did nothing, and its claim is taken back with it. The answer may hold a secret that was to be shown once;
it lies sealed, for its own credential, key and end, and is opened for nobody whose rights have become less.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from keystead.audit.event import ObjectRef
from keystead.core.clock import MINUTE, Instant, later
from keystead.core.errors import Conflict, Forbidden, Unavailable
from keystead.crypto.envelope import Place
from keystead.gate.callers.caller import Caller, Reliance

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from keystead.gate.acts.act import Act
    from keystead.ports.store import Tx

__all__ = [
    "ANSWER_LIVES",
    "REPEAT",
    "Answered",
    "Once",
    "RequestKey",
    "answer_gone",
    "do_once",
    "is_kept",
]

T = TypeVar("T")

# Longer than any client tries again by itself, short because a secret lies in it.
ANSWER_LIVES: Final = 15 * MINUTE
"""For how long an answer is given again, in microseconds; its end is exclusive."""

REPEAT: Final = "answer.repeat"
"""The verb of an answer that was given again; the act itself has its own entry, once."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes a request the same as an earlier one of its credential.

    Attributes:
        text: the `Idempotency-Key`.
        digest: of all that the request asks.
    """

    text: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Once(Generic[T]):
    """A request with a key, and how its door writes the answer.

    Attributes:
        answer: the bytes to keep, whatever the door means by them; it is asked within the transaction,
            and what it raises takes the act back.
    """

    key: RequestKey
    answer: Callable[[T], bytes]


@dataclass(frozen=True, slots=True)
class Answered:
    """The bytes that `Once.answer` gave, now or the first time."""

    answer: bytes = field(repr=False)
    repeated: bool


class _Kept(msgspec.Struct, frozen=True):
    """What is sealed; new fields come last, with a default."""

    request: bytes
    standing: bytes
    relied: tuple[Reliance, ...]
    object: ObjectRef | None
    answer: bytes


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Kept)


def answer_gone() -> Unavailable:
    """Say that an answer ended between two looks at it."""
    return Unavailable(
        "busy", "the answer to this request has just ended; look before you ask again"
    )


async def do_once(act: Act, once: Once[T], work: Callable[[Act], Awaitable[T]]) -> Answered:
    """Do the work and keep its answer; or do nothing, and return the answer that was kept.

    Raises:
        Conflict: `idempotency_mismatch`, the key stands for another request.
        Forbidden: what was allowed then is not allowed now, so its answer is not told.
        BrokenEnvelope: the kept answer was altered, or moved here from another place.
    """
    credential_id, key = act.caller.credential.id, once.key.text
    end = later(act.at, ANSWER_LIVES)
    if not await act.tx.idempotency.claim(credential_id, key, act.at, end):
        return Answered(await _recall(act, once.key), repeated=True)
    act.caller = act.caller.noting()
    answer = once.answer(await work(act))
    kept = _Kept(
        once.key.digest, _standing(act.caller), tuple(act.caller.relied or ()), act.object, answer
    )
    sealed = act.keyring.sealer.seal(
        place_of_answer(credential_id, key, end), _ENCODER.encode(kept)
    )
    await act.tx.idempotency.keep(credential_id, key, sealed)
    return Answered(answer, repeated=False)


async def is_kept(tx: Tx, caller: Caller, key: RequestKey, at: Instant) -> bool:
    """Say whether there is an answer under a key; only the act finds out whether it may be told."""
    return await tx.idempotency.find(caller.credential.id, key.text, at) is not None


async def _recall(act: Act, key: RequestKey) -> bytes:
    credential_id = act.caller.credential.id
    found = await act.tx.idempotency.find(credential_id, key.text, act.at)
    if found is None:
        raise answer_gone()
    place = place_of_answer(credential_id, key.text, found.expires_at)
    kept = _DECODER.decode(act.keyring.sealer.open(place, found.sealed))
    if not hmac.compare_digest(kept.request, key.digest):
        raise Conflict(
            "idempotency_mismatch",
            "this Idempotency-Key was used for another request; a new request takes a new key",
        )
    standing = _standing(act.caller)
    if not hmac.compare_digest(kept.standing, standing) or not act.caller.still(kept.relied):
        raise Forbidden(
            "insufficient_scope",
            "it was done, but the rights that it took have changed since, so its answer is not repeated",
            rule="right changed since",
        )
    act.repeat(REPEAT, kept.object)
    return kept.answer


def _standing(caller: Caller) -> bytes:
    """Return a digest of what the presented credential and its owner are good for, whatever the object.

    They must be the same when an answer is repeated. Rights to single things are asked for one by one,
    since an act may well widen them: whoever makes a folder is its manager.
    """
    credential = caller.credential
    networks = [network.text for network in credential.networks]
    bounds = credential.access, networks, credential.not_before, credential.expires_at
    return sha256(
        msgspec.json.encode((sorted(caller.roles), *bounds), order="deterministic")
    ).digest()


def place_of_answer(credential_id: str, key: str, end: Instant) -> Place:
    """Return what a kept answer is bound to."""
    # With the end as its version: put off by somebody who writes the database, it opens nothing.
    return Place("kept_answers", f"{credential_id}/{key}", "sealed", end)
