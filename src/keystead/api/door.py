"""The JSON door: Litestar handlers made from the route table, and everything they do alike.

Each request: read once (`web.present`), decoded and asked by its handler, answered. Whatever goes wrong
becomes one `application/problem+json`; nothing of an unforeseen fault but its type and place is logged,
since a message may hold what was sent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Response, asgi
from litestar.exceptions import HTTPException

from keystead.api.oauth.endpoints import ENDPOINTS
from keystead.api.openapi import describe
from keystead.api.refusals import not_found, of_framework, refusal, wrong_method
from keystead.api.routes import ROUTES
from keystead.api.table import RouteTable
from keystead.core.errors import Invalid, KeysteadError, Refused, Unavailable
from keystead.gate.visit import Visit
from keystead.web import bodies, present, query
from keystead.web.call import Answer, Call, expiry_header
from keystead.web.exposure import refuse_token_in
from keystead.web.faults import place_of
from keystead.web.repeats import request_key
from keystead.web.sending import send_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from litestar.handlers import ASGIRouteHandler
    from litestar.types import Receive, Scope, Send

    from keystead.api.routes import Route
    from keystead.core.clock import Clock
    from keystead.gate.gate import Gate

__all__ = ["Door"]

_LOG: Final = logging.getLogger("keystead.api")
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_MOUNT: Final = "/api"
_FAULT: Final = 500


class Door:
    """Makes the handlers."""

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        ready: Callable[[], Awaitable[bool]],
        issuer: str,
        *,
        plain_beyond: bool,
    ) -> None:
        """Stand before a gate.

        Args:
            gate: what every handler asks.
            clock: for instants of arrival.
            ready: says whether the store answers.
            issuer: the URL under which clients know this installation.
            plain_beyond: the listener takes plain HTTP from beyond loopback.
        """
        self._gate = gate
        self._clock = clock
        self._ready = ready
        self._issuer = issuer
        self._plain_beyond = plain_beyond
        self._table = RouteTable(ROUTES)
        self._description = msgspec.json.encode(describe(ROUTES, ENDPOINTS))

    def handlers(self) -> list[ASGIRouteHandler]:
        """Return the door as Litestar mounts it, and the open routes.

        They are plain ASGI: what Litestar would build of each request besides (parameters by signature, a
        request, a response) costs half as much as fetching a secret.
        """
        return [
            asgi(_MOUNT, is_mount=True, copy_scope=False)(self.serve),
            self._open("/healthz", _fixed(b'{"status":"alive"}')),
            self._open("/readyz", self._readiness),
            self._open("/openapi.json", _fixed(self._description)),
        ]

    def fault(self, error: Exception) -> Response[bytes]:
        """Answer what went wrong outside of a handler: no route, or a fault of ours."""
        request_id = present.new_request_id()
        if isinstance(error, HTTPException) and error.status_code < _FAULT:
            answer, headers = of_framework(error, request_id)
        else:
            answer, headers = self._unforeseen(error, request_id, {})
        return Response(
            answer.body,
            status_code=answer.status,
            media_type=answer.media,
            headers={**_NO_STORE, **headers},
        )

    def _open(
        self, path: str, answer: Callable[[], Awaitable[tuple[int, bytes]]]
    ) -> ASGIRouteHandler:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["query_string"] and (told := await self._exposed(scope)) is not None:
                await send_answer(receive, send, *told)
            elif scope["raw_path"] != path.encode():
                await send_answer(receive, send, *not_found(present.new_request_id()))
            elif scope["method"] != "GET":  # type: ignore[typeddict-item]  # Litestar sends HTTP alone here
                await send_answer(receive, send, *wrong_method(["GET"], present.new_request_id()))
            else:
                status, body = await answer()
                await send_answer(receive, send, Answer(status, body), {})

        return asgi(path, copy_scope=False)(handle)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever goes wrong."""
        try:
            answer, headers = await self._answer(scope, receive)
        except Exception as error:  # noqa: BLE001  # the last net: a fault of ours is a clean 500
            answer, headers = self._unforeseen(error, present.new_request_id(), {})
        await send_answer(receive, send, answer, headers)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[Answer, dict[str, str]]:
        # As it was sent: Litestar's own notion of the path has lost doubled, closing and quoted slashes.
        found = self._table.find(scope["raw_path"])
        entry = None if found is None else found[0].get(scope["method"])  # type: ignore[typeddict-item]  # HTTP alone
        if found is not None and entry is not None:
            return await self._serve(entry, found[1], scope, receive)
        if (told := await self._exposed(scope)) is not None:
            return told
        if found is not None:
            return wrong_method(found[0], present.new_request_id())
        return not_found(present.new_request_id())

    async def _serve(
        self, entry: Route, path: Mapping[str, str], scope: Mapping[str, Any], receive: Receive
    ) -> tuple[Answer, dict[str, str]]:
        request_id = present.new_request_id()
        visit: Visit | None = None
        try:
            arrival = present.arrive(
                scope, self._clock, request_id, plain_beyond=self._plain_beyond
            )
            if arrival.presented is None:
                arrival = msgspec.structs.replace(
                    arrival, presented=present.session_in(scope["headers"])
                )
            visit = Visit(arrival, entry.sessions)
            pairs = query.query_pairs(scope["query_string"])
            await refuse_token_in(self._gate, scope["path"], pairs, arrival)
            headers = {
                name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
            }
            body = b""
            if bodies.has_body(headers):
                _require_place_for_body(entry)
                # Nobody is read at length before it is known who he is and that he may.
                await self._gate.admit(entry.verb, visit)
                body = await bodies.read_body(headers, receive, bodies.READ_SECONDS)
                visit.arrival = msgspec.structs.replace(arrival, at=self._clock.now())
                if entry.body is None:
                    bodies.require_empty(body)
            # What only reads may be asked for again as it is; a key changes nothing there.
            key = request_key(scope, body) if entry.changes else None
            call = Call(
                self._gate, self._clock, visit, path, pairs, headers, body, key, self._issuer
            )
            if entry.query is None:
                call.require_no_query()
            answer = await entry.handler(call)
        except KeysteadError as found:
            error: KeysteadError = found
            if visit is not None and not visit.asked:
                error = await self._refusal_before(error, entry, visit)
            if not isinstance(error, (Refused, Invalid, Unavailable)):
                _log_fault(error, request_id)
            return refusal(error, request_id, expiry_header(visit))
        except Exception as error:  # noqa: BLE001  # the last net: a fault of ours is a clean 500
            return self._unforeseen(error, request_id, expiry_header(visit))
        return answer, {**expiry_header(visit), "Keystead-Request-Id": request_id}

    async def _refusal_before(
        self, error: KeysteadError, entry: Route, visit: Visit
    ) -> KeysteadError:
        """Return what the gate says first where a request could not be read: who, bounds and may.

        A stranger learns nothing of what a route takes.
        """
        if isinstance(error, Invalid) and error.code == "token_in_query":
            return error
        try:
            await self._gate.admit(entry.verb, visit)
        except KeysteadError as no:
            return no
        return error

    async def _exposed(self, scope: Mapping[str, Any]) -> tuple[Answer, dict[str, str]] | None:
        """Refuse a token in a URL at which no operation is asked for; None where there is no token."""
        request_id = present.new_request_id()
        try:
            arrival = present.arrive(
                scope, self._clock, request_id, plain_beyond=self._plain_beyond
            )
            pairs = query.query_pairs(scope["query_string"])
            await refuse_token_in(self._gate, scope["path"], pairs, arrival)
        except Invalid as error:
            return refusal(error, request_id, {}) if error.code == "token_in_query" else None
        except KeysteadError as error:
            return refusal(error, request_id, {})
        return None

    async def _readiness(self) -> tuple[int, bytes]:
        ready = await self._ready()
        return (200, b'{"status":"ready"}') if ready else (503, b'{"status":"not ready"}')

    def _unforeseen(
        self, error: Exception, request_id: str, more: Mapping[str, str]
    ) -> tuple[Answer, dict[str, str]]:
        _log_fault(error, request_id)
        return refusal(KeysteadError(), request_id, more)


def _fixed(body: bytes) -> Callable[[], Awaitable[tuple[int, bytes]]]:
    async def answer() -> tuple[int, bytes]:
        return 200, body

    return answer


def _log_fault(error: Exception, request_id: str) -> None:
    _LOG.error("%s: %s", request_id, place_of(error))


def _require_place_for_body(entry: Route) -> None:
    if entry.method == "GET":
        raise Invalid("this request takes no body")
