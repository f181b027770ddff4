"""What refusals may cost: entries in the audit, and answers to failed presentations.

Of strangers at most ten entries a minute per address and a hundred in all are written; the rest is one
summary entry a minute. An address with more than sixty failed presentations in a minute gets 429 for further
*failed* ones; a good credential from there is never refused for others' failures. Counts are per process.
An IPv6 address counts as its /64: a single machine has all of those addresses.

Of a recognised credential at most sixty refusals a minute are entered one by one; the rest is one summary
entry a minute for each credential, under its name, that counts them by code. A revoked token in a busy loop
fills no disk so, and the audit still tells how often it came.

What guessing may cost somebody who is known: five wrong passwords in a quarter of an hour, for each owner.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from keystead.core.arrival import parse_address
from keystead.core.clock import MINUTE, SECOND, Instant, later

if TYPE_CHECKING:
    from keystead.core.actor import Actor

__all__ = [
    "ENTRIES_PER_ADDRESS",
    "ENTRIES_PER_MINUTE",
    "FAILURES_PER_ADDRESS",
    "GUESSES_AT_OWNER",
    "GUESSES_IN_SPAN",
    "GUESSES_SPAN",
    "REFUSALS_PER_CREDENTIAL",
    "Attempts",
    "Refusals",
    "Strangers",
    "Summary",
]

ENTRIES_PER_ADDRESS: Final = 10
ENTRIES_PER_MINUTE: Final = 100
FAILURES_PER_ADDRESS: Final = 60
REFUSALS_PER_CREDENTIAL: Final = 60
GUESSES_IN_SPAN: Final = 5
GUESSES_AT_OWNER: Final = 10 * GUESSES_IN_SPAN
GUESSES_SPAN: Final = 15 * MINUTE
_MOST_GUESSED: Final = 10_000


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


@dataclass(slots=True)
class Refusals:
    """The running minute's refusals of recognised credentials."""

    _minute: int = -1
    _refused: Counter[str] = field(default_factory=Counter)
    _unentered: dict[Actor, Counter[str]] = field(default_factory=dict)

    def should_enter(self, actor: Actor, code: str, at: Instant) -> bool:
        """Count a refusal, and say whether it gets an entry of its own."""
        minute = at // MINUTE
        # Forward only, as in `Strangers`.
        if minute > self._minute:
            self._minute = minute
            self._refused.clear()
        self._refused[actor.credential_id] += 1
        if self._refused[actor.credential_id] <= REFUSALS_PER_CREDENTIAL:
            return True
        self._unentered.setdefault(actor, Counter())[code] += 1
        return False

    def take_summaries(self) -> dict[Actor, Counter[str]]:
        """Return what got no entry since the last call, by code, and forget it."""
        found, self._unentered = self._unentered, {}
        return found

    def give_back(self, summaries: dict[Actor, Counter[str]]) -> None:
        """Take back what could not be entered, for the next time."""
        for actor, codes in summaries.items():
            self._unentered.setdefault(actor, Counter()).update(codes)


@dataclass(slots=True)
class Attempts:
    """Guesses at an owner's password by his credentials, each counted before it is checked.

    Each credential has its own few, so that whoever has stolen one does not keep the owner, who has another,
    from his password. All of an owner's have ten times as many: whoever can make more has no more guesses.
    So many at once are no way round it.
    """

    _since: dict[tuple[str, str], tuple[Instant, int]] = field(default_factory=dict)

    def begin(self, owner_id: str, credential_id: str, at: Instant) -> int | None:
        """Count a guess; return the seconds to wait, and count nothing, where there were too many."""
        found = [
            (key, *self._counted(key, at), most)
            for key, most in (
                ((owner_id, credential_id), GUESSES_IN_SPAN),
                ((owner_id, ""), GUESSES_AT_OWNER),
            )
        ]
        ends = [later(since, GUESSES_SPAN) for _, since, guesses, most in found if guesses >= most]
        if ends:
            return max(1, -((at - max(ends)) // SECOND))
        self._forget_old(at)
        self._since.update({key: (since, guesses + 1) for key, since, guesses, _ in found})
        return None

    def take_back(self, owner_id: str, credential_id: str) -> None:
        """Count a guess no more: it could not be checked."""
        for key in ((owner_id, credential_id), (owner_id, "")):
            since, guesses = self._since.get(key, (Instant(0), 0))
            if guesses:
                self._since[key] = since, guesses - 1

    def forget(self, owner_id: str, credential_id: str) -> None:
        """Forget a credential's guesses: this one was right."""
        self.take_back(owner_id, credential_id)
        self._since.pop((owner_id, credential_id), None)

    def _counted(self, key: tuple[str, str], at: Instant) -> tuple[Instant, int]:
        since, guesses = self._since.get(key, (at, 0))
        return (at, 0) if at - since >= GUESSES_SPAN else (since, guesses)

    def _forget_old(self, at: Instant) -> None:
        if len(self._since) >= _MOST_GUESSED:
            self._since = {o: (s, n) for o, (s, n) in self._since.items() if at - s < GUESSES_SPAN}


def _source(address: str) -> str:
    return f"{parse_address(address).number >> 64:x}/64" if ":" in address else address
