"""What is good for a number of acts: a client's assertion for one (RFC 7523 §3), a token for its `max_uses`.

A token's use is counted in the act's own transaction, before all else: an act about its own credential then
takes that row first, as all others do, and none waits for another. Of what is only read it is counted in a
transaction of its own, before the answer. An assertion is used up last. What was refused or failed is no use,
and of requests that come at once no more are done than there are uses left, on whatever node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.core.errors import Unauthenticated
from keystead.gate.refusals import refusal_by
from keystead.policy.restrictions import Denial

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.gate.callers.caller import Caller
    from keystead.ports.credentials import Known
    from keystead.ports.store import Tx

__all__ = ["count_use", "is_limited", "spend", "use_up"]

_USED_UP: Final = Denial(
    "unauthenticated",
    "credential_expired",
    "this credential has been used as often as it may be; a new one must be generated",
    "uses",
)


def is_limited(caller: Caller) -> bool:
    """Say whether the caller came by such a thing."""
    known = caller.known
    return known is not None and (
        known.assertion is not None or known.credential.max_uses is not None
    )


async def count_use(tx: Tx, known: Known, at: Instant) -> Denial | None:
    """Count one use of what has a number of them; return the denial where none is left."""
    if known.credential.max_uses is None:
        return None
    return None if await tx.credentials.use(known.credential.id, at) else _USED_UP


async def use_up(tx: Tx, caller: Caller, at: Instant) -> None:
    """Count the use of the token by which the caller came, if it has a number of them.

    Raises:
        Unauthenticated: none was left.
    """
    denial = None if caller.known is None else await count_use(tx, caller.known, at)
    if denial is not None:
        raise refusal_by(denial)


async def spend(tx: Tx, caller: Caller, at: Instant) -> None:
    """Use up the assertion by which the caller came, if he came by one.

    Raises:
        Unauthenticated: it was used before.
    """
    if caller.known is None or caller.known.assertion is None:
        return
    client_id, found = caller.known.credential.id, caller.known.assertion
    if not await tx.assertions.spend(client_id, found.digest, at, found.expires_at):
        raise Unauthenticated(
            "invalid_credential",
            "the credential presented is not valid",
            rule="assertion used before",
        )
