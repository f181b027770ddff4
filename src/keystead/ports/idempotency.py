"""What the gate asks of a store so that a request with an `Idempotency-Key` is acted on once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from keystead.core.clock import Instant

__all__ = ["IdempotencyRecords", "SealedAnswer"]


@dataclass(frozen=True, slots=True)
class SealedAnswer:
    """What was answered, sealed, and until when it is given again."""

    sealed: bytes = field(repr=False)
    expires_at: Instant


class IdempotencyRecords(Protocol):
    """Answers by credential and key, for a while."""

    async def claim(self, credential_id: str, key: str, at: Instant, expires_at: Instant) -> bool:
        """Take a key for this act, from `at` until `expires_at`; False where it is taken already.

        Another transaction that is taking it is waited for: it was first, or it comes to nothing.
        """

    async def keep(self, credential_id: str, key: str, sealed: bytes) -> None:
        """Lay an answer under a key that this act has claimed."""

    async def find(self, credential_id: str, key: str, at: Instant) -> SealedAnswer | None:
        """Return the answer under a key; None where there is none, or it has ended by `at`."""

    async def forget(self, at: Instant, most: int) -> int:
        """Delete answers that have ended by `at`, at most so many; return how many there were."""
