"""The JSON door: Litestar handlers made from the route table, and everything they do alike.

Each request: read once (`web.present`), decoded and asked by its handler, answered. Whatever goes wrong
becomes one `application/problem+json`; nothing of an unforeseen fault but its type and place is logged,
since a message may hold what was sent.
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import HttpMethod, Request, Response, route
from litestar.exceptions import HTTPException
from litestar.response import Stream

from keystead.api.openapi import describe
from keystead.api.routes import ROUTES
from keystead.core.errors import Invalid, KeysteadError
from keystead.web import bodies, present, query
from keystead.web.call import Call, expiry_header
from keystead.web.refusals import PROBLEM, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.handlers import HTTPRouteHandler

    from keystead.api.routes import Route
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Clock
    from keystead.gate.gate import Gate
    from keystead.web.call import Answer

    Reply = Response[bytes] | Stream

__all__ = ["Door"]

_LOG: Final = logging.getLogger("keystead.api")
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_METHODS: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class Door:
    """Makes the handlers."""

    def __init__(
        self, gate: Gate, clock: Clock, ready: Callable[[], bool], *, plain_beyond: bool
    ) -> None:
        """Stand before a gate.

        Args:
            gate: what every handler asks.
            clock: for instants of arrival.
            ready: says whether the store answers.
            plain_beyond: the listener takes plain HTTP from beyond loopback.
        """
        self._gate = gate
        self._clock = clock
        self._ready = ready
        self._plain_beyond = plain_beyond
        self._description = msgspec.json.encode(describe(ROUTES))

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return a Litestar handler for every route."""
        return [self._handler(r) for r in ROUTES] + [
            self._open("/healthz", lambda: (200, b'{"status":"alive"}')),
            self._open("/readyz", self._readiness),
            self._open("/openapi.json", lambda: (200, self._description)),
        ]

    def fault(self, error: Exception) -> Response[bytes]:
        """Answer what went wrong outside of a handler: no route, wrong method, or a fault of ours."""
        request_id = present.new_request_id()
        if isinstance(error, HTTPException):
            code = _METHODS.get(error.status_code, "invalid_request")
            refused: KeysteadError = Invalid(_sentence(code), code=code)
            headers = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
            return _refusal(refused, request_id, headers)
        return self._unforeseen(error, request_id)

    def _open(self, path: str, answer: Callable[[], tuple[int, bytes]]) -> HTTPRouteHandler:
        async def handle() -> Response[bytes]:
            status, body = answer()
            return Response(
                body, status_code=status, media_type="application/json", headers=_NO_STORE
            )

        return route(path, http_method=[HttpMethod.GET], include_in_schema=False)(handle)

    def _handler(self, entry: Route) -> HTTPRouteHandler:
        async def handle(request: Request[Any, Any, Any]) -> Response[Any]:
            return await self._serve(entry, request)

        path = entry.path.replace("{id}", "{id:str}")
        # Each answer carries its own status; Litestar wants one that may have a body.
        methods = [HttpMethod(entry.method)]
        return route(path, http_method=methods, status_code=200, include_in_schema=False)(handle)

    async def _serve(self, entry: Route, request: Request[Any, Any, Any]) -> Reply:
        scope: dict[str, Any] = dict(request.scope)
        request_id = present.new_request_id()
        call: Call | None = None
        try:
            arrival = present.arrive(
                scope, self._clock, request_id, plain_beyond=self._plain_beyond
            )
            pairs = query.query_pairs(scope["query_string"])
            if pairs:
                await self._refuse_token_in(pairs, arrival)
            headers = {
                name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
            }
            body = await bodies.read_body(headers, request.receive)
            if entry.body is None and entry.method != "GET":
                bodies.require_empty(body)
            path = {name: str(value) for name, value in request.path_params.items()}
            call = Call(self._gate, arrival, path, pairs, headers, body)
            return _reply(await entry.handler(call), request_id, call)
        except KeysteadError as error:
            until = error.presented_until or (call.credential_expires_at if call else None)
            return _refusal(error, request_id, expiry_header(until))
        except Exception as error:  # noqa: BLE001  # the last net: a fault of ours is a clean 500
            return self._unforeseen(error, request_id)

    async def _refuse_token_in(self, pairs: list[tuple[str, str]], arrival: Arrival) -> None:
        token = present.token_in_query(pairs)
        if token is not None:
            await self._gate.refuse_in_query(arrival, token)
            raise Invalid(
                "a credential in a URL ends up in logs; send it in the Authorization header, "
                "and revoke the one you sent",
                code="token_in_query",
            )

    def _readiness(self) -> tuple[int, bytes]:
        return (200, b'{"status":"ready"}') if self._ready() else (503, b'{"status":"not ready"}')

    def _unforeseen(self, error: Exception, request_id: str) -> Response[bytes]:
        places = traceback.extract_tb(error.__traceback__)
        trail = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places[-8:]))
        _LOG.error("%s: %s at %s", request_id, type(error).__name__, trail)
        return _refusal(KeysteadError(), request_id, {})


def _reply(answer: Answer, request_id: str, call: Call) -> Reply:
    headers = {
        **_NO_STORE,
        **answer.headers,
        **expiry_header(call.credential_expires_at),
        "Keystead-Request-Id": request_id,
    }
    if answer.stream is not None:
        return Stream(
            answer.stream, status_code=answer.status, media_type=answer.media, headers=headers
        )
    return Response(
        answer.body, status_code=answer.status, media_type=answer.media, headers=headers
    )


def _refusal(error: KeysteadError, request_id: str, more: dict[str, str]) -> Response[bytes]:
    problem, headers = problem_of(error, request_id)
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=PROBLEM,
        headers={**_NO_STORE, **headers, **more, "Keystead-Request-Id": request_id},
    )


def _sentence(code: str) -> str:
    return {
        "not_found": "there is nothing at this path",
        "method_not_allowed": "this path does not take that method",
        "too_large": "the request is too large",
    }.get(code, "the request cannot be understood")
