"""A route of the map, walked by one request: its body is read when its sender may, and its handler asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from keystead.api.refusals import refusal
from keystead.core.errors import Invalid
from keystead.gate.visit import Visit
from keystead.web import bodies
from keystead.web.call import Call
from keystead.web.present import session_in
from keystead.web.repeats import request_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar.types import Receive

    from keystead.api.routes import Route
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Clock
    from keystead.core.errors import KeysteadError
    from keystead.gate.acts.operation import Operation
    from keystead.gate.gate import Gate
    from keystead.web.call import Answer

__all__ = ["RouteWay"]


class RouteWay(Struct, frozen=True):
    """`web.entrance.Way` of one request.

    Attributes:
        entry: the route.
        path: its parameters.
    """

    gate: Gate
    clock: Clock
    issuer: str
    entry: Route
    path: Mapping[str, str]
    scope: Mapping[str, Any]
    receive: Receive

    @property
    def verb(self) -> Operation[Any, Any]:
        """See `Way`."""
        return self.entry.verb

    @property
    def is_open(self) -> bool:
        """See `Way`."""
        return False

    def require_place(self) -> None:
        """See `Way`: the route was found by path and method."""

    def visit(self, arrival: Arrival) -> Visit:
        """See `Way`."""
        if arrival.presented is None:
            arrival = replace(arrival, presented=session_in(self.scope["headers"]))
        return Visit(arrival, self.entry.sessions)

    async def ask(self, visit: Visit, pairs: list[tuple[str, str]]) -> Answer:
        """See `Way`."""
        entry, scope = self.entry, self.scope
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        body = await self._body(visit, headers) if bodies.has_body(headers) else b""
        # What only reads may be asked for again as it is; a key changes nothing there.
        key = request_key(scope, body) if entry.changes else None
        call = Call(self.gate, self.clock, visit, self.path, pairs, headers, body, key, self.issuer)
        if entry.query is None:
            call.require_no_query()
        return await entry.handler(call)

    async def _body(self, visit: Visit, headers: Mapping[str, str]) -> bytes:
        if self.entry.method == "GET":
            raise Invalid("this request takes no body")
        # Nobody is read at length before it is known who he is and that he may.
        await self.gate.admit(self.entry.verb, visit)
        body = await bodies.read_body(headers, self.receive, bodies.READ_SECONDS)
        visit.arrival = replace(visit.arrival, at=self.clock.now())
        if self.entry.body is None:
            bodies.require_empty(body)
        return body

    def refusal(
        self, error: KeysteadError, request_id: str, more: Mapping[str, str]
    ) -> tuple[Answer, dict[str, str]]:
        """See `Way`."""
        return refusal(error, request_id, more)
