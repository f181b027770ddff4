"""The first use of a secret that replaces others ends them, before whoever used it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.audit.event import ObjectRef
from keystead.core.actor import SYSTEM
from keystead.credentials.lifecycle import former
from keystead.crypto.token_format import without_tokens
from keystead.gate.events import allowed_event

if TYPE_CHECKING:
    from keystead.core.arrival import Arrival
    from keystead.gate.events import Fact
    from keystead.ports.credentials import Known
    from keystead.ports.store import Store, Tx

__all__ = ["end_older"]

_RETIRE: Final = "credential.retire"


async def end_older(store: Store, known: Known, arrival: Arrival) -> None:
    """End the secrets of a credential that the one used replaces."""
    credential, n = known.credential, known.secret.n
    about = ObjectRef("credential", credential.id, without_tokens(credential.name))

    async def end(tx: Tx) -> None:
        # Of several processes that see a first use, one does it.
        if await tx.credentials.end_older(credential.id, n, arrival.at):
            facts: dict[str, Fact] = {"secret": n}
            if (ended := former(credential, arrival.at)) is not None:
                facts["former"] = ended
            await tx.audit.append(allowed_event(_RETIRE, SYSTEM, arrival, about, facts))

    await store.act(end)
