"""One call from its first attempt to its end: says what to do next, and does none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from keystead_client._core.calls import Answer, Call
from keystead_client._core.endpoint import Endpoint
from keystead_client._core.errors import KeysteadError, Unauthenticated
from keystead_client._core.exchange import Request, prepare, read, refusal_in, seconds_to_wait
from keystead_client._core.retries import Lost, Reach, Retries, may_help
from keystead_client._core.secret import Secret

__all__ = ["Done", "Renew", "Talk", "Wait"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# The server knows a key for 15 minutes after it has acted; one of them is for the way there.
_KEY_SECONDS: Final = 14 * 60.0
# `kst_` and the credential's id, which stay when a token is renewed; a key belongs to the credential.
_CREDENTIAL: Final = slice(0, 16)


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """It has ended well, with this."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait so long, then send the request again."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renew:
    """Read the token again, tell `Talk.renewed`, then send the request again.

    Attributes:
        refusal: what is raised where there is no other token.
    """

    refusal: KeysteadError


class Talk(Generic[T]):
    """One call from its first attempt to its end.

    A transport sends `request`, tells `heard` what became of it, does as it says, and goes on so
    until `Done`. The request's body and its `Idempotency-Key` are the same in every attempt.

    Args:
        endpoint: which server.
        call: what is asked.
        token: as whom; None for what is open to all.
        retries: how often and for how long it is tried again.
        key: the `Idempotency-Key` of a change, fresh for each call.
        now: seconds by a clock that never goes back, as in what follows.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        call: Call[T],
        token: Secret | None,
        retries: Retries,
        key: str,
        now: float,
    ) -> None:
        self._call = call
        self._token = token
        self._retries = retries
        # Kept over all attempts: by it the server knows that the call is the same.
        self._request = prepare(endpoint, call, None if call.is_safe else key)
        self._begun = now
        self._tried_again = 0
        self._has_renewed = False
        self._may_be_done = False

    @property
    def request(self) -> Request:
        """What to send now."""
        return self._request if self._token is None else self._request.bearing(self._token)

    def heard(self, outcome: Answer | Lost, now: float, drawn: float) -> Done[T] | Wait | Renew:
        """Say what comes next.

        Args:
            outcome: of the attempt.
            now: by the clock.
            drawn: by chance, from 0 up to 1.

        Raises:
            KeysteadError: it has ended, and not well.
        """
        if isinstance(outcome, Lost):
            return self._again(outcome, outcome.error, None, now - self._begun, drawn)
        refusal = refusal_in(outcome)
        if refusal is None:
            return Done(read(self._call, outcome))
        # Whatever is wrong with this token, another one may already lie where it came from: another
        # credential's, or another owner's.
        outworn = isinstance(refusal, Unauthenticated)
        if outworn and self._token is not None and not self._has_renewed:
            self._has_renewed = True
            return Renew(refusal)
        asked = seconds_to_wait(outcome)
        return self._again(outcome, refusal, asked, now - self._begun, drawn)

    def renewed(self, token: Secret | None, refusal: KeysteadError, now: float) -> None:
        """Go on with the token as it stands now; None where it cannot be read.

        Raises:
            KeysteadError: the refusal of the old one, where there is no other, or where a change that may
                have been made would be made once more: for another credential, or too late.
        """
        if token is None or token == self._token:
            raise refusal
        is_same = _same_credential(token, self._token) and now - self._begun <= _KEY_SECONDS
        if self._may_be_done and not is_same:
            raise refusal
        self._token = token

    def _again(
        self,
        outcome: Answer | Lost,
        error: KeysteadError,
        asked: int | None,
        elapsed: float,
        drawn: float,
    ) -> Wait:
        if may_help(outcome):
            seconds = self._retries.wait(self._tried_again, elapsed, asked, drawn)
            if seconds is not None and (self._call.is_safe or elapsed + seconds <= _KEY_SECONDS):
                self._tried_again += 1
                unsent = isinstance(outcome, Lost) and outcome.reach is Reach.UNSENT
                self._may_be_done |= not (self._call.is_safe or unsent)
                return Wait(seconds)
        raise error


def _same_credential(one: Secret, other: Secret | None) -> bool:
    return other is not None and one.reveal()[_CREDENTIAL] == other.reveal()[_CREDENTIAL]
