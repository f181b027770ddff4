"""The one way through every door that asks the gate; a door gives how it asks, and how it says no.

1. The request is given its id.
2. What it brought is read: one credential at most, address, instant.
3. A credential in its URL is refused, and entered, since logs on the way have it by now.
4. What the door does not have is refused; then a credential that cannot be read, unless anybody may ask.
5. The door asks.
6. Whatever went wrong is said by the door; a fault of ours is logged without its message, which may hold
   what was sent.
7. The answer tells the presented credential's end, allowed or refused, and the id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from keystead.core.errors import Invalid, KeysteadError, Refused, Unavailable
from keystead.web.call import expiry_header
from keystead.web.faults import log_fault
from keystead.web.present import arrive, credential_in, new_request_id, token_in_url
from keystead.web.query import query_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.arrival import Arrival, Presented
    from keystead.core.clock import Clock
    from keystead.gate.acts.operation import Operation
    from keystead.gate.gate import Gate
    from keystead.gate.visit import Visit
    from keystead.web.call import Answer

    Pairs = list[tuple[str, str]]
    Sent = tuple[Answer, dict[str, str]]

__all__ = ["EXPOSED", "Entrance", "Way"]

EXPOSED: Final = "token_in_query"
"""The code of a credential in a URL."""


class Way(Protocol):
    """How a door answers one request."""

    @property
    def verb(self) -> Operation[Any, Any] | None:
        """What a stranger must be good for before he hears that his request cannot be read.

        None where he presents himself in what is to be read.
        """

    @property
    def is_open(self) -> bool:
        """Whether anybody may ask, so that it does not matter what the headers present."""

    def visit(self, arrival: Arrival) -> Visit:
        """Return who comes, as far as the headers say."""

    def require_place(self) -> None:
        """Refuse a path or a method that the door does not have, if it has not looked at it before."""

    async def ask(self, visit: Visit, pairs: Pairs) -> Answer:
        """Read the rest of the request, and ask the gate."""

    def refusal(self, error: KeysteadError, request_id: str, more: Mapping[str, str]) -> Sent:
        """Return the answer to an error, and its headers with `more`."""


class Entrance:
    """Stands before a gate."""

    def __init__(self, gate: Gate, clock: Clock, *, plain_beyond: bool) -> None:
        """Let in by a gate.

        Args:
            gate: what is asked behind it.
            clock: for instants of arrival.
            plain_beyond: the listener takes plain HTTP from beyond loopback.
        """
        self._gate = gate
        self._clock = clock
        self._plain_beyond = plain_beyond

    async def answered(self, scope: Mapping[str, Any], way: Way) -> Sent:
        """Return the answer to a request, whatever goes wrong, and its headers."""
        # 1. The id.
        request_id = new_request_id()
        visit: Visit | None = None
        unreadable: Invalid | None = None
        try:
            # 2. What it brought.
            arrival, unreadable = self._arrived(scope, request_id)
            visit = way.visit(arrival)
            # 3. Nothing exposed.
            pairs = await self._parameters(scope, arrival)
            # 4. Nothing that is not there, and nobody who cannot be read.
            way.require_place()
            _require_readable(unreadable, way)
            # 5. The question.
            answer = await way.ask(visit, pairs)
        # 6. What went wrong.
        except KeysteadError as error:
            found = error if unreadable is not None else await self._said_first(error, way, visit)
            if not isinstance(found, (Refused, Invalid, Unavailable)):
                log_fault(found, request_id)
            return way.refusal(found, request_id, expiry_header(visit))
        except Exception as error:  # noqa: BLE001  # the last net: a fault of ours is a clean 500
            log_fault(error, request_id)
            return way.refusal(KeysteadError(), request_id, expiry_header(visit))
        # 7. The answer.
        return answer, {**expiry_header(visit), "Keystead-Request-Id": request_id}

    async def exposed(self, scope: Mapping[str, Any], request_id: str) -> KeysteadError | None:
        """Return the refusal of a credential in a URL at which no operation is asked for, if there is one."""
        try:
            await self._parameters(scope, self._arrived(scope, request_id)[0])
        except Invalid as error:
            return error if error.code == EXPOSED else None
        except KeysteadError as error:
            return error
        return None

    def _arrived(self, scope: Mapping[str, Any], request_id: str) -> tuple[Arrival, Invalid | None]:
        """Return what a request brought, and why nobody can read whom its headers present."""
        presented: Presented | None = None
        unreadable: Invalid | None = None
        try:
            presented = credential_in(scope["headers"])
        except Invalid as error:
            unreadable = error
        arrival = arrive(scope, presented, self._clock, request_id, plain_beyond=self._plain_beyond)
        return arrival, unreadable

    async def _parameters(self, scope: Mapping[str, Any], arrival: Arrival) -> Pairs:
        pairs = query_pairs(scope["query_string"])
        token = token_in_url(scope["path"], pairs)
        if token is not None:
            await self._gate.refuse_in_query(arrival, token)
            raise Invalid(
                "a credential in a URL ends up in logs; send it in the Authorization header, "
                "and revoke the one you sent",
                code=EXPOSED,
            )
        return pairs

    async def _said_first(
        self, error: KeysteadError, way: Way, visit: Visit | None
    ) -> KeysteadError:
        """Return what the gate says first where a request could not be read: who, bounds and may.

        A stranger learns nothing of what a route takes.
        """
        if visit is None or visit.asked or way.verb is None:
            return error
        if isinstance(error, Invalid) and error.code == EXPOSED:
            return error
        try:
            await self._gate.admit(way.verb, visit)
        except KeysteadError as no:
            return no
        return error


def _require_readable(unreadable: Invalid | None, way: Way) -> None:
    if unreadable is not None and not way.is_open:
        raise unreadable
