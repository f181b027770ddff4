"""One request before the gate: what it brought, and what the door must know of it however it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Instant

__all__ = ["Visit"]


@dataclass(slots=True)
class Visit:
    """One request; a door makes one, asks by it, and reads it for its answer, allowed or refused.

    Attributes:
        arrival: who comes, from where, when; the door renews it for what is asked later.
        sessions: a browser's session may ask for this; elsewhere its cookie is refused.
        asked: the gate has judged it, or is about to.
        credential_expires_at: the presented credential's end (microseconds since 1970), noted as soon as it
            is recognised; None before, and where it has no end.
    """

    arrival: Arrival
    sessions: bool = False
    asked: bool = False
    credential_expires_at: Instant | None = None
