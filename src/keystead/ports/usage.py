"""What counting asks of a store: last use per secret, kept apart so that it never slows an act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant

__all__ = ["UsageRecords", "Use"]


@dataclass(frozen=True, slots=True)
class Use:
    """Uses of one secret since the last flush: how many, and the newest one's when, whence, by what."""

    credential_id: str
    secret_n: int
    at: Instant
    address: str
    agent: str
    count: int


class UsageRecords(Protocol):
    """Where counts end up."""

    async def add(self, uses: Sequence[Use]) -> None:
        """Add counts, and move each last use forward, never back."""
