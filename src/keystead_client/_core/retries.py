"""Whether a call is sent again, and after how long: decided without waiting, clock or dice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from keystead_client._core.calls import Answer
from keystead_client._core.errors import KeysteadError, MisconfiguredClient

__all__ = ["Lost", "Reach", "Retries", "may_help"]

_FIRST_SECONDS: Final = 0.5
_MOST_DOUBLINGS: Final = 4
# RFC 6585 §4 and RFC 9110 §15.6.4.
_NOT_NOW: Final = frozenset({429, 503})


class Reach(Enum):
    """How far a request came that was not answered."""

    UNSENT = "unsent"
    """No connection was made, so nobody acted."""
    UNKNOWN = "unknown"
    """The connection was lost; the server may have acted or not."""
    HOPELESS = "hopeless"
    """Sending it again would end no better, or the caller has waited as long as he wished."""


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer came.

    Attributes:
        error: what is raised if that is the end of it.
    """

    error: KeysteadError
    reach: Reach


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and for how long a call is tried again.

    The n-th wait is drawn evenly between nothing and 0.5 s · 2ⁿ⁻¹, at most 8 s ("full jitter", so
    that many clients do not come back together), and begins where a `Retry-After` ends.

    Attributes:
        times: how often at most after the first attempt, 0 or more; 0 turns it off.
        within: seconds after the call began beyond which no wait ends, 0 or more.

    Raises:
        MisconfiguredClient: `times` or `within` is less than 0.
    """

    times: int = 3
    within: float = 30.0

    def __post_init__(self) -> None:
        if self.times < 0 or not self.within >= 0:
            raise MisconfiguredClient("retries: times and within are 0 or more")

    def wait(self, done: int, elapsed: float, asked: int | None, drawn: float) -> float | None:
        """Return the seconds until the next attempt; None where it is time to give up.

        Args:
            done: how often the call has been tried again so far.
            elapsed: seconds since it began.
            asked: what a `Retry-After` says.
            drawn: by chance, from 0 up to 1.
        """
        if done >= self.times:
            return None
        longest = _FIRST_SECONDS * 2 ** min(done, _MOST_DOUBLINGS)
        seconds = (asked or 0) + drawn * longest
        return seconds if elapsed + seconds <= self.within else None


def may_help(outcome: Answer | Lost) -> bool:
    """Say whether it may help to send a call again after this.

    It does no harm: a question changes nothing, and a change that has been made is known by its
    `Idempotency-Key` and answered as it was.
    """
    if isinstance(outcome, Lost):
        return outcome.reach is not Reach.HOPELESS
    return outcome.status in _NOT_NOW
