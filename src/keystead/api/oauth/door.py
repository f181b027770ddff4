"""The door of OAuth: its endpoints and documents, mounted as plain ASGI beside the JSON door.

Nothing of a request is stored by anybody on the way. Whatever goes wrong becomes one
`{error, error_description}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keystead.api.oauth.endpoints import ENDPOINTS
from keystead.api.oauth.metadata import JWKS, documents, key_set
from keystead.api.oauth.way import DocumentWay, EndpointWay
from keystead.operations.signing_keys import published_keys
from keystead.web.call import Answer
from keystead.web.entrance import Entrance
from keystead.web.sending import send_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from litestar.types import ASGIApp, Receive, Scope, Send

    from keystead.api.oauth.endpoints import Endpoint
    from keystead.core.clock import Clock
    from keystead.gate.gate import Gate
    from keystead.gate.visit import Visit
    from keystead.web.entrance import Way

__all__ = ["Door"]

_PUBLIC: Final = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}


class Door:
    """Makes the handlers."""

    def __init__(self, gate: Gate, clock: Clock, issuer: str, *, plain_beyond: bool) -> None:
        """Stand before a gate.

        Args:
            gate: what every endpoint asks.
            clock: for instants of arrival.
            issuer: the URL by which clients name this installation.
            plain_beyond: the listener takes plain HTTP from beyond loopback.
        """
        self._gate = gate
        self._clock = clock
        self._issuer = issuer
        self._entrance = Entrance(gate, clock, plain_beyond=plain_beyond)

    def places(self) -> dict[str, ASGIApp]:
        """Return what answers at each path of the door."""
        found = {endpoint.path: self._endpoint(endpoint) for endpoint in ENDPOINTS}
        for path, body in documents(self._issuer).items():
            found[path] = self._document(path, _fixed(body))
        return found | {JWKS: self._document(JWKS, self._key_set)}

    def _endpoint(self, endpoint: Endpoint) -> ASGIApp:
        gate, clock, issuer = self._gate, self._clock, self._issuer

        def way(scope: Scope, receive: Receive) -> Way:
            return EndpointWay(gate, clock, issuer, endpoint, scope, receive)

        return self._serving(way)

    def _document(
        self, path: str, read: Callable[[Visit, Mapping[str, Any]], Awaitable[Answer]]
    ) -> ASGIApp:
        return self._serving(lambda scope, _: DocumentWay(path, scope, read))

    def _serving(self, way: Callable[[Scope, Receive], Way]) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            answer, headers = await self._entrance.answered(scope, way(scope, receive))
            await send_answer(receive, send, answer, headers)

        return serve

    async def _key_set(self, visit: Visit, scope: Mapping[str, Any]) -> Answer:
        keys = await self._gate.perform(published_keys, visit)
        return key_set(keys, scope["headers"])


def _fixed(body: bytes) -> Callable[[Visit, Mapping[str, Any]], Awaitable[Answer]]:
    answer = Answer(200, body, headers=_PUBLIC)

    async def read(_: Visit, __: Mapping[str, Any]) -> Answer:
        return answer

    return read
