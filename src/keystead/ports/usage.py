"""What counting asks of a store: last uses, and uses by the minute, apart from all acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from keystead.core.clock import Instant
    from keystead.ports.paging import Page, PageRequest

__all__ = ["ALLOWED", "Period", "UsageQuery", "UsageReads", "UsageRecords", "Use"]

ALLOWED: Final = "allowed"
"""The outcome of a use that was; that of a refused one is its code."""


class Use(Struct, frozen=True):
    """Uses of one secret on one API with one outcome in one minute, as counted since the last flush.

    Attributes:
        api: its identifier.
        outcome: `ALLOWED`, or the code of a refusal.
        minute: when that began.
        first_at: the oldest one's instant; `at`, `address` and `agent` are the newest one's.
    """

    credential_id: str
    secret_n: int
    api: str
    outcome: str
    minute: Instant
    first_at: Instant
    at: Instant
    address: str
    agent: str
    count: int


@dataclass(frozen=True, slots=True)
class Period:
    """Uses of a credential on one API with one outcome, from `start` on.

    Attributes:
        length: microseconds; longer than what was asked for where only the longer one is kept.
        address: from where the last one came, by what `agent`.
    """

    start: Instant
    length: int
    api: str
    outcome: str
    uses: int
    first_at: Instant
    last_at: Instant
    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageQuery:
    """Which uses to tell.

    Attributes:
        length: of a period: a minute, an hour or a day in microseconds.
        after: only periods that begin at it or later.
        before: only those that begin before.
    """

    length: int
    after: Instant | None = None
    before: Instant | None = None


class UsageReads(Protocol):
    """What was counted, as a transaction reads it."""

    async def page(
        self, credential_ids: Collection[str], query: UsageQuery, page: PageRequest
    ) -> Page[Period]:
        """Return the uses of credentials together: by period the newest first, then by API and outcome."""


class UsageRecords(Protocol):
    """Where counts end up."""

    async def add(self, uses: Sequence[Use]) -> None:
        """Add counts, and move each last use forward, never back."""

    async def roll(self, at: Instant, size: int) -> int:
        """Put minutes older than two days into hours, and hours older than 90 days into days.

        Args:
            at: the instant.
            size: rows at once.

        Returns:
            how many were put into longer ones; fewer than `size` where none are left.
        """
