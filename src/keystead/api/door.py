"""The JSON door: Litestar handlers made from the route table, and everything they do alike.

Each request: read once (`web.present`), decoded and asked by its handler, answered. Whatever goes wrong
becomes one `application/problem+json`; nothing of an unforeseen fault but its type and place is logged,
since a message may hold what was sent.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Response, asgi
from litestar.exceptions import HTTPException

from keystead.api.openapi import describe
from keystead.api.routes import ROUTES
from keystead.api.table import RouteTable
from keystead.core.errors import Invalid, KeysteadError, Refused, Unavailable
from keystead.web import bodies, present, query
from keystead.web.call import Answer, Call, expiry_header
from keystead.web.faults import place_of
from keystead.web.refusals import PROBLEM, problem_of
from keystead.web.sending import send_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from litestar.handlers import ASGIRouteHandler
    from litestar.types import Receive, Scope, Send

    from keystead.api.routes import Route
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Clock
    from keystead.gate.gate import Gate

__all__ = ["Door"]

_LOG: Final = logging.getLogger("keystead.api")
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_MOUNT: Final = "/api"
_SENTENCES: Final = {
    "not_found": "there is nothing at this path",
    "method_not_allowed": "this path does not take that method",
    "too_large": "the request is too large",
    "invalid_request": "the request cannot be understood",
}
_CODES: Final = {404: "not_found", 413: "too_large"}


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
        self._table = RouteTable(ROUTES)
        self._description = msgspec.json.encode(describe(ROUTES))

    def handlers(self) -> list[ASGIRouteHandler]:
        """Return the door as Litestar mounts it, and the open routes.

        They are plain ASGI: what Litestar would build of each request besides (parameters by signature, a
        request, a response) costs half as much as fetching a secret.
        """
        return [
            asgi(_MOUNT, is_mount=True, copy_scope=False)(self._handle),
            self._open("/healthz", lambda: (200, b'{"status":"alive"}')),
            self._open("/readyz", self._readiness),
            self._open("/openapi.json", lambda: (200, self._description)),
        ]

    def fault(self, error: Exception) -> Response[bytes]:
        """Answer what went wrong outside of a handler: no route, or a fault of ours."""
        request_id = present.new_request_id()
        if isinstance(error, HTTPException):
            code = _CODES.get(error.status_code, "invalid_request")
            answer, headers = _refusal(Invalid(_SENTENCES[code], code=code), request_id, {})
        else:
            answer, headers = self._unforeseen(error, request_id)
        return Response(
            answer.body,
            status_code=answer.status,
            media_type=answer.media,
            headers={**_NO_STORE, **headers},
        )

    def _open(self, path: str, answer: Callable[[], tuple[int, bytes]]) -> ASGIRouteHandler:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != "GET":  # type: ignore[typeddict-item]  # Litestar sends HTTP alone here
                await send_answer(receive, send, *_wrong_method(["GET"], present.new_request_id()))
            elif scope["query_string"] and (told := await self._exposed(scope)) is not None:
                await send_answer(receive, send, *told)
            else:
                status, body = answer()
                await send_answer(receive, send, Answer(status, body), {})

        return asgi(path, copy_scope=False)(handle)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Litestar hands over what follows the mount; what only begins like it (/apiary) has no slash there.
        rest = scope["path"]
        found = self._table.find(_MOUNT + rest) if rest.startswith("/") else None
        entry = None if found is None else found[0].get(scope["method"])  # type: ignore[typeddict-item]  # HTTP alone
        if found is not None and entry is not None:
            answer, headers = await self._serve(entry, found[1], scope, receive)
        elif (told := await self._exposed(scope)) is not None:
            answer, headers = told
        elif found is not None:
            answer, headers = _wrong_method(found[0], present.new_request_id())
        else:
            code = "not_found"
            answer, headers = _refusal(
                Invalid(_SENTENCES[code], code=code), present.new_request_id(), {}
            )
        await send_answer(receive, send, answer, headers)

    async def _serve(
        self, entry: Route, path: Mapping[str, str], scope: Mapping[str, Any], receive: Receive
    ) -> tuple[Answer, dict[str, str]]:
        request_id = present.new_request_id()
        call: Call | None = None
        arrival: Arrival | None = None
        admitted = False
        until: int | None = None
        try:
            arrival = present.arrive(
                scope, self._clock, request_id, plain_beyond=self._plain_beyond
            )
            pairs = query.query_pairs(scope["query_string"])
            await self._refuse_token_in(scope["path"], pairs, arrival)
            headers = {
                name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
            }
            body = b""
            if bodies.has_body(headers):
                _require_place_for_body(entry)
                # Nobody is read at length before it is known who he is and that he may.
                admitted = True
                until = await self._gate.admit(entry.verb, arrival)
                body = await bodies.read_body(headers, receive, bodies.READ_SECONDS)
                arrival = replace(arrival, at=self._clock.now())
                if entry.body is None:
                    bodies.require_empty(body)
            call = Call(self._gate, self._clock, arrival, path, pairs, headers, body)
            if entry.query is None:
                call.require_no_query()
            answer = await entry.handler(call)
            more = expiry_header(call.credential_expires_at)
            more["Keystead-Request-Id"] = request_id
        except KeysteadError as found:
            error: KeysteadError = found
            if arrival is not None and not (admitted or (call and call.asked)):
                error = await self._refusal_before(error, entry, arrival)
            if not isinstance(error, (Refused, Invalid, Unavailable)):
                _log_fault(error, request_id)
            until = error.presented_until or (call and call.credential_expires_at) or until
            return _refusal(error, request_id, expiry_header(until))
        except Exception as error:  # noqa: BLE001  # the last net: a fault of ours is a clean 500
            return self._unforeseen(error, request_id)
        return answer, more

    async def _refusal_before(
        self, error: KeysteadError, entry: Route, arrival: Arrival
    ) -> KeysteadError:
        """Return what the gate says first where a request could not be read: who, bounds and may.

        A stranger learns nothing of what a route takes, and whoever is known is told his credential's end.
        """
        if isinstance(error, Invalid) and error.code == "token_in_query":
            return error
        try:
            error.presented_until = await self._gate.admit(entry.verb, arrival)
        except KeysteadError as refusal:
            return refusal
        return error

    async def _exposed(self, scope: Mapping[str, Any]) -> tuple[Answer, dict[str, str]] | None:
        """Refuse a token in a URL at which no operation is asked for; None where there is no token."""
        request_id = present.new_request_id()
        try:
            arrival = present.arrive(
                scope, self._clock, request_id, plain_beyond=self._plain_beyond
            )
            pairs = query.query_pairs(scope["query_string"])
            await self._refuse_token_in(scope["path"], pairs, arrival)
        except Invalid as error:
            return _refusal(error, request_id, {}) if error.code == "token_in_query" else None
        except KeysteadError as error:
            return _refusal(error, request_id, {})
        return None

    async def _refuse_token_in(
        self, path: str, pairs: list[tuple[str, str]], arrival: Arrival
    ) -> None:
        token = present.token_in_url(path, pairs)
        if token is not None:
            await self._gate.refuse_in_query(arrival, token)
            raise Invalid(
                "a credential in a URL ends up in logs; send it in the Authorization header, "
                "and revoke the one you sent",
                code="token_in_query",
            )

    def _readiness(self) -> tuple[int, bytes]:
        return (200, b'{"status":"ready"}') if self._ready() else (503, b'{"status":"not ready"}')

    def _unforeseen(self, error: Exception, request_id: str) -> tuple[Answer, dict[str, str]]:
        _log_fault(error, request_id)
        return _refusal(KeysteadError(), request_id, {})


def _log_fault(error: Exception, request_id: str) -> None:
    _LOG.error("%s: %s", request_id, place_of(error))


def _require_place_for_body(entry: Route) -> None:
    if entry.method == "GET":
        raise Invalid("this request takes no body")


def _wrong_method(allowed: Iterable[str], request_id: str) -> tuple[Answer, dict[str, str]]:
    code = "method_not_allowed"
    headers = {"Allow": ", ".join(sorted(allowed))}
    return _refusal(Invalid(_SENTENCES[code], code=code), request_id, headers)


def _refusal(
    error: KeysteadError, request_id: str, more: Mapping[str, str]
) -> tuple[Answer, dict[str, str]]:
    problem, headers = problem_of(error, request_id)
    answer = Answer(problem.status, msgspec.json.encode(problem), PROBLEM)
    return answer, {**headers, **more, "Keystead-Request-Id": request_id}
