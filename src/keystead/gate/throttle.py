"""What strangers may cost: entries for unrecognised refusals, and answers to failed presentations.

At most ten entries a minute per address and a hundred in all are written; the rest is one summary entry a
minute. An address with more than sixty failed presentations in a minute gets 429 for further
*failed* ones; a good credential from there is never refused for others' failures. Counts are per process.
An IPv6 address counts as its /64: a single machine has all of those addresses.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from keystead.core.arrival import parse_address
from keystead.core.clock import MINUTE, SECOND, Instant

__all__ = [
    "ENTRIES_PER_ADDRESS",
    "ENTRIES_PER_MINUTE",
    "FAILURES_PER_ADDRESS",
    "Strangers",
    "Summary",
]

ENTRIES_PER_ADDRESS: Final = 10
ENTRIES_PER_MINUTE: Final = 100
FAILURES_PER_ADDRESS: Final = 60


@dataclass(frozen=True, slots=True)
class Summary:
    """Refusals of one minute that got no entry of their own, by address."""

    by_address: Counter[str]

    @property
    def refusals(self) -> int:
        """How many there were."""
        return self.by_address.total()

    @property
    def addresses(self) -> int:
        """From how many addresses."""
        return len(self.by_address)


@dataclass(slots=True)
class Strangers:
    """The running minute's counts."""

    _minute: int = -1
    _refusals: Counter[str] = field(default_factory=Counter)
    _failures: Counter[str] = field(default_factory=Counter)
    _entered: int = 0
    _unentered: Counter[str] = field(default_factory=Counter)

    def should_enter(self, address: str, at: Instant) -> bool:
        """Count a refusal, and say whether it gets an entry of its own."""
        self._turn(at)
        address = _source(address)
        self._refusals[address] += 1
        if self._refusals[address] > ENTRIES_PER_ADDRESS or self._entered >= ENTRIES_PER_MINUTE:
            self._unentered[address] += 1
            return False
        self._entered += 1
        return True

    def must_wait(self, address: str, at: Instant) -> int | None:
        """Count a failed presentation; return the seconds to wait where there were too many."""
        self._turn(at)
        address = _source(address)
        self._failures[address] += 1
        if self._failures[address] <= FAILURES_PER_ADDRESS:
            return None
        return min(60, max(1, ((self._minute + 1) * MINUTE - at) // SECOND))

    def take_summary(self) -> Summary | None:
        """Return what got no entry since the last call, and forget it; None where nothing did."""
        if not self._unentered:
            return None
        found = Summary(self._unentered)
        self._unentered = Counter()
        return found

    def give_back(self, summary: Summary) -> None:
        """Take back a summary that could not be entered, for the next one."""
        self._unentered.update(summary.by_address)

    def _turn(self, at: Instant) -> None:
        minute = at // MINUTE
        # Forward only: requests that waited differently long do not come in the order of their instants.
        if minute > self._minute:
            self._minute = minute
            self._refusals.clear()
            self._failures.clear()
            self._entered = 0


def _source(address: str) -> str:
    return f"{parse_address(address).number >> 64:x}/64" if ":" in address else address
