"""One call from its first attempt to its end: says what to do next, and does none of it."""

from __future__ import annotations

import os
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

_KEY_BYTES: Final = 16
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
    """

    def __init__(
        self, endpoint: Endpoint, call: Call[T], token: Secret | None, retries: Retries
    ) -> None:
        self._call = call
        self._token = token
        self._retries = retries
        # Fresh for each call and kept over its attempts: by it the server knows that it is the same.
        key = None if call.is_safe else os.urandom(_KEY_BYTES).hex()
        self._request = prepare(endpoint, call, key)
        self._begun = retries.clock()
        self._tried_again = 0
        self._has_renewed = False
        self._may_be_done = False

    @property
    def request(self) -> Request:
        """What to send now."""
        return self._request if self._token is None else self._request.bearing(self._token)

    def heard(self, outcome: Answer | Lost) -> Done[T] | Wait | Renew:
        """Say what comes next.

        Raises:
            KeysteadError: it has ended, and not well.
        """
        if isinstance(outcome, Lost):
            return self._again(outcome, outcome.error, None)
        refusal = refusal_in(outcome)
        if refusal is None:
            return Done(read(self._call, outcome))
        # Whatever is wrong with this token, another one may already lie where it came from: another
        # credential's, or another owner's.
        outworn = isinstance(refusal, Unauthenticated)
        if outworn and self._token is not None and not self._has_renewed:
            self._has_renewed = True
            return Renew(refusal)
        return self._again(outcome, refusal, seconds_to_wait(outcome))

    def renewed(self, token: Secret | None, refusal: KeysteadError) -> None:
        """Go on with the token as it stands now; None where it cannot be read.

        Raises:
            KeysteadError: the refusal of the old one, where there is no other, or where a change that may
                have been made would be made once more: for another credential, or too late.
        """
        if token is None or token == self._token:
            raise refusal
        if self._may_be_done and not (_same_credential(token, self._token) and self._is_known(0)):
            raise refusal
        self._token = token

    def _again(self, outcome: Answer | Lost, error: KeysteadError, asked: int | None) -> Wait:
        if may_help(outcome):
            seconds = self._retries.wait(self._tried_again, self._elapsed(), asked)
            if seconds is not None and (self._call.is_safe or self._is_known(seconds)):
                self._tried_again += 1
                unsent = isinstance(outcome, Lost) and outcome.reach is Reach.UNSENT
                self._may_be_done |= not (self._call.is_safe or unsent)
                return Wait(seconds)
        raise error

    def _is_known(self, seconds: float) -> bool:
        """Say whether the server still knows the key so many seconds from now."""
        return self._elapsed() + seconds <= _KEY_SECONDS

    def _elapsed(self) -> float:
        return self._retries.clock() - self._begun


def _same_credential(one: Secret, other: Secret | None) -> bool:
    return other is not None and one.reveal()[_CREDENTIAL] == other.reveal()[_CREDENTIAL]
