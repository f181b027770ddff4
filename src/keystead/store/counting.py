"""What both engines do with counts: one last use of each secret, one count of each period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.core.clock import DAY, HOUR, MINUTE
from keystead.ports.usage import ALLOWED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keystead.core.clock import Instant
    from keystead.ports.usage import Use

__all__ = ["KEPT", "Last", "Used", "lasts", "minutes", "rolled"]

KEPT: Final = ((MINUTE, 2 * DAY, HOUR), (HOUR, 90 * DAY, DAY))
"""For how long a period's count is kept by itself, and what it becomes part of then."""


class Last(NamedTuple):
    """A row of `last_use`, to be added."""

    credential_id: str
    secret_n: int
    at: Instant
    address: str
    agent: str
    uses: int


class Used(NamedTuple):
    """A row of `used_in`, to be added."""

    credential_id: str
    start: int
    length: int
    api: str
    outcome: str
    uses: int
    first_at: Instant
    last_at: Instant
    address: str
    agent: str

    @property
    def key(self) -> tuple[str, int, int, str, str]:
        """What it is a count of."""
        return self[:5]

    def joined(self, other: Used) -> Used:
        """Return both as one, with the newest one's address and agent."""
        newest = max(self, other, key=lambda each: each.last_at)
        return newest._replace(
            length=max(self.length, other.length),
            uses=self.uses + other.uses,
            first_at=min(self.first_at, other.first_at),
        )


def lasts(uses: Iterable[Use]) -> list[Last]:
    """Return the last use of each secret among those that were allowed, in one order everywhere."""
    found: dict[tuple[str, int], Last] = {}
    for use in uses:
        if use.outcome != ALLOWED:
            continue
        last = Last(use.credential_id, use.secret_n, use.at, use.address, use.agent, use.count)
        held = found.get(last[:2])
        if held is not None:
            last = max(held, last, key=lambda each: each.at)._replace(uses=held.uses + last.uses)
        found[last[:2]] = last
    return [found[key] for key in sorted(found)]


def minutes(uses: Iterable[Use]) -> list[Used]:
    """Return the counts of minutes, in one order everywhere."""
    return _summed(
        Used(u.credential_id, u.minute, MINUTE, u.api, u.outcome, u.count, u.first_at, u.at,
             u.address, u.agent)
        for u in uses
    )  # fmt: skip


def rolled(rows: Iterable[Used], length: int) -> list[Used]:
    """Return rows as those of a longer period, in one order everywhere.

    What is of a longer one already keeps its length.
    """
    return _summed(
        row._replace(start=row.start - row.start % length, length=max(row.length, length))
        for row in rows
    )


def _summed(rows: Iterator[Used]) -> list[Used]:
    found: dict[tuple[str, int, str, str], Used] = {}
    for row in rows:
        key = row.credential_id, row.start, row.api, row.outcome
        held = found.get(key)
        found[key] = row if held is None else held.joined(row)
    return [found[key] for key in sorted(found)]
