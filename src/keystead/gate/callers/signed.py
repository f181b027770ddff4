"""What a client signed to prove who it is: each such assertion is good for one act (RFC 7523 §3).

It is used up last, in the act's own transaction: one that asked for something wrong may be sent again, and
of two requests with one assertion that come at once a single one is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import Unauthenticated

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.gate.callers.caller import Caller
    from keystead.ports.store import Tx

__all__ = ["is_signed", "use_up"]


def is_signed(caller: Caller) -> bool:
    """Say whether the caller came by an assertion."""
    return caller.known is not None and caller.known.assertion is not None


async def use_up(tx: Tx, caller: Caller, at: Instant) -> None:
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
