"""The door of OAuth: its endpoints and documents, mounted as plain ASGI beside the JSON door.

Each request in this order: nothing of it is stored by anybody on the way; it is read, with what stands in it
twice; the client proves who it is; then what it asks for is judged, by the gate and the verb. Whatever goes
wrong becomes one `{error, error_description}`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from litestar import asgi
from msgspec.structs import replace

from keystead.api.oauth.clients import proof_in
from keystead.api.oauth.endpoints import ENDPOINTS
from keystead.api.oauth.handlers import Asked
from keystead.api.oauth.metadata import JWKS, documents, key_set
from keystead.api.oauth.refusals import Manner, refusal, wrong_method
from keystead.core.errors import Invalid, KeysteadError, Refused, Unavailable
from keystead.gate.visit import Visit
from keystead.operations.signing_keys import published_keys
from keystead.web import bodies, forms, present, query
from keystead.web.call import Answer, expiry_header
from keystead.web.exposure import refuse_token_in
from keystead.web.faults import place_of
from keystead.web.sending import send_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from litestar.handlers import ASGIRouteHandler
    from litestar.types import Receive, Scope, Send

    from keystead.api.oauth.endpoints import Endpoint
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Clock
    from keystead.gate.gate import Gate

__all__ = ["Door"]

_LOG: Final = logging.getLogger("keystead.api")
_PLAIN: Final = Manner((400, "invalid_request"))
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
        self._plain_beyond = plain_beyond

    def handlers(self) -> list[ASGIRouteHandler]:
        """Return the door as Litestar mounts it."""
        return [
            *map(self._endpoint, ENDPOINTS),
            *(self._document(path, body) for path, body in documents(self._issuer).items()),
            self._key_set(),
        ]

    def _endpoint(self, endpoint: Endpoint) -> ASGIRouteHandler:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            answer, headers = await self._serve(endpoint, scope, receive)
            await send_answer(receive, send, answer, headers)

        return asgi(endpoint.path, copy_scope=False)(handle)

    def _document(self, path: str, body: bytes) -> ASGIRouteHandler:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            request_id = present.new_request_id()
            answer = Answer(200, body, headers=_PUBLIC)
            headers = {"Keystead-Request-Id": request_id}
            try:
                await self._arrived(scope, path, "GET", request_id)
            except KeysteadError as error:
                answer, headers = self._refusal(error, _PLAIN, request_id, {}, "GET")
            await send_answer(receive, send, answer, headers)

        return asgi(path, copy_scope=False)(handle)

    def _key_set(self) -> ASGIRouteHandler:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            request_id = present.new_request_id()
            headers = {"Keystead-Request-Id": request_id}
            try:
                arrival = await self._arrived(scope, JWKS, "GET", request_id)
                # Anybody may read it, so the house asks.
                house = Visit(replace(arrival, presented="system"))
                keys = await self._gate.perform(published_keys, house)
                answer = key_set(keys, scope["headers"])
            except KeysteadError as error:
                answer, headers = self._refusal(error, _PLAIN, request_id, {}, "GET")
            await send_answer(receive, send, answer, headers)

        return asgi(JWKS, copy_scope=False)(handle)

    async def _serve(
        self, endpoint: Endpoint, scope: Mapping[str, Any], receive: Receive
    ) -> tuple[Answer, dict[str, str]]:
        request_id = present.new_request_id()
        manner = Manner(endpoint.denied)
        visit: Visit | None = None
        try:
            arrival = await self._arrived(scope, endpoint.path, "POST", request_id)
            form = await _form_of(scope["headers"], receive, endpoint)
            proof = proof_in(
                form,
                arrival.presented,
                bearers=endpoint.bearers,
                issuer=self._issuer,
            )
            manner = Manner(endpoint.denied, proof.scheme)
            visit = Visit(replace(arrival, presented=proof.presented, at=self._clock.now()))
            answer = await endpoint.handler(Asked(self._gate, visit, form, self._issuer))
        except KeysteadError as error:
            return self._refusal(error, manner, request_id, expiry_header(visit), "POST")
        except Exception as error:  # noqa: BLE001  # the last net: a fault of ours is a clean 500
            _log_fault(error, request_id)
            return refusal(KeysteadError(), manner, request_id, expiry_header(visit))
        return answer, {**expiry_header(visit), "Keystead-Request-Id": request_id}

    async def _arrived(
        self, scope: Mapping[str, Any], path: str, method: str, request_id: str
    ) -> Arrival:
        """Return what a request brought, if it is one for this path by this method."""
        arrival = present.arrive(scope, self._clock, request_id, plain_beyond=self._plain_beyond)
        pairs = query.query_pairs(scope["query_string"])
        await refuse_token_in(self._gate, scope["path"], pairs, arrival)
        # As it was sent: Litestar's own notion of the path has lost doubled, closing and quoted slashes.
        if scope["raw_path"] != path.encode():
            raise Invalid("there is nothing at this path", code="not_found")
        if scope["method"] != method:
            raise Invalid(f"this path takes {method} alone", code="method_not_allowed")
        return arrival

    def _refusal(
        self,
        error: KeysteadError,
        manner: Manner,
        request_id: str,
        more: Mapping[str, str],
        method: str,
    ) -> tuple[Answer, dict[str, str]]:
        if not isinstance(error, (Refused, Invalid, Unavailable)):
            _log_fault(error, request_id)
        if isinstance(error, Invalid) and error.code == "method_not_allowed":
            return wrong_method(method, manner, request_id)
        return refusal(error, manner, request_id, more)


async def _form_of(
    pairs: Iterable[tuple[bytes, bytes]], receive: Receive, endpoint: Endpoint
) -> Any:  # noqa: ANN401  # the endpoint's own Struct, for its own handler
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    body = b""
    if bodies.has_body(headers):
        body = await bodies.read_body(headers, receive, bodies.READ_SECONDS, forms.MAX_FORM)
    return forms.decode_form(body, headers.get("content-type", ""), endpoint.form)


def _log_fault(error: Exception, request_id: str) -> None:
    _LOG.error("%s: %s", request_id, place_of(error))
