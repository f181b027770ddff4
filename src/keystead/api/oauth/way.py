"""An endpoint or a document of OAuth, asked for by one request.

An endpoint in this order: it is this path and POST; its form is read, with what stands in it twice; the
client proves who it is; then what it asks for is judged, by the gate and the verb.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import Struct
from msgspec.structs import replace

from keystead.api.oauth.clients import BASIC, proof_in
from keystead.api.oauth.handlers import Asked
from keystead.api.oauth.refusals import refusal, wrong_method
from keystead.core.errors import Invalid
from keystead.gate.visit import Visit
from keystead.web import bodies, forms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from litestar.types import Receive

    from keystead.api.oauth.endpoints import Endpoint
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Clock
    from keystead.core.errors import KeysteadError
    from keystead.gate.gate import Gate
    from keystead.web.call import Answer

__all__ = ["DocumentWay", "EndpointWay"]

_ENDPOINT: Final = ("POST",)
_DOCUMENT: Final = ("GET", "HEAD")


class EndpointWay(Struct):
    """`web.entrance.Way` of one request to an endpoint.

    Attributes:
        scheme: in which the client proved who it is, or should have.
    """

    verb: ClassVar[None] = None
    is_open: ClassVar[bool] = False

    gate: Gate
    clock: Clock
    issuer: str
    endpoint: Endpoint
    scope: Mapping[str, Any]
    receive: Receive
    scheme: str = BASIC

    def visit(self, arrival: Arrival) -> Visit:
        """See `Way`."""
        return Visit(arrival)

    def require_place(self) -> None:
        """See `Way`."""
        _require_place(self.scope, self.endpoint.path, _ENDPOINT)

    async def ask(self, visit: Visit, _: list[tuple[str, str]]) -> Answer:
        """See `Way`."""
        endpoint = self.endpoint
        form = await _form_of(self.scope["headers"], self.receive, endpoint)
        proof = proof_in(
            form, visit.arrival.presented, bearers=endpoint.bearers, issuer=self.issuer
        )
        self.scheme = proof.scheme
        visit.arrival = replace(visit.arrival, presented=proof.presented, at=self.clock.now())
        return await endpoint.handler(Asked(self.gate, visit, form, self.issuer))

    def refusal(
        self, error: KeysteadError, request_id: str, more: Mapping[str, str]
    ) -> tuple[Answer, dict[str, str]]:
        """See `Way`."""
        return _refusal(error, self.scheme, request_id, more, _ENDPOINT)


class DocumentWay(Struct, frozen=True):
    """`web.entrance.Way` of one request for what anybody may read."""

    verb: ClassVar[None] = None
    is_open: ClassVar[bool] = True

    path: str
    scope: Mapping[str, Any]
    read: Callable[[Visit, Mapping[str, Any]], Awaitable[Answer]]

    def visit(self, arrival: Arrival) -> Visit:
        """See `Way`."""
        return Visit(arrival)

    def require_place(self) -> None:
        """See `Way`."""
        _require_place(self.scope, self.path, _DOCUMENT)

    async def ask(self, visit: Visit, _: list[tuple[str, str]]) -> Answer:
        """See `Way`."""
        # Anybody may read it, so the house asks.
        visit.arrival = replace(visit.arrival, presented="system")
        return await self.read(visit, self.scope)

    def refusal(
        self, error: KeysteadError, request_id: str, more: Mapping[str, str]
    ) -> tuple[Answer, dict[str, str]]:
        """See `Way`."""
        return _refusal(error, BASIC, request_id, more, _DOCUMENT)


def _require_place(scope: Mapping[str, Any], path: str, methods: tuple[str, ...]) -> None:
    # As it was sent: Litestar's own notion of the path has lost doubled, closing and quoted slashes.
    if scope["raw_path"] != path.encode():
        raise Invalid("there is nothing at this path", code="not_found")
    if scope["method"] not in methods:
        raise Invalid("this path does not take this method", code="method_not_allowed")


async def _form_of(
    pairs: Iterable[tuple[bytes, bytes]], receive: Receive, endpoint: Endpoint
) -> Any:  # noqa: ANN401  # the endpoint's own Struct, for its own handler
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    body = b""
    if bodies.has_body(headers):
        body = await bodies.read_body(headers, receive, bodies.READ_SECONDS, forms.MAX_FORM)
    return forms.decode_form(body, headers.get("content-type", ""), endpoint.form)


def _refusal(
    error: KeysteadError,
    scheme: str,
    request_id: str,
    more: Mapping[str, str],
    methods: tuple[str, ...],
) -> tuple[Answer, dict[str, str]]:
    if isinstance(error, Invalid) and error.code == "method_not_allowed":
        return wrong_method(methods, request_id)
    return refusal(error, scheme, request_id, more)
