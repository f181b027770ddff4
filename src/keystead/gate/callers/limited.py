"""What is good for a number of acts: a client's assertion for one (RFC 7523 §3), a token for its `max_uses`.

They are counted last, in the act's own transaction: what was refused or failed uses nothing up, and of
requests that come at once no more are done than there are uses left, on whatever node.
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

__all__ = ["count_use", "is_limited", "use_up"]

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
    """Count the use by which the caller came, if it is of such a thing.

    Raises:
        Unauthenticated: none was left.
    """
    known = caller.known
    if known is None:
        return
    if (denial := await count_use(tx, known, at)) is not None:
        raise refusal_by(denial)
    found = known.assertion
    if found is None:
        return
    if not await tx.assertions.spend(known.credential.id, found.digest, at, found.expires_at):
        raise Unauthenticated(
            "invalid_credential",
            "the credential presented is not valid",
            rule="assertion used before",
        )
