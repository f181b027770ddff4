"""The JSON door: Litestar handlers made from the route table; whatever goes wrong is one problem of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from litestar import Response, asgi
from litestar.exceptions import HTTPException

from keystead.api.oauth.endpoints import ENDPOINTS
from keystead.api.openapi import describe
from keystead.api.refusals import not_found, of_framework, refusal, wrong_method
from keystead.api.routes import ROUTES
from keystead.api.table import RouteTable
from keystead.api.way import RouteWay
from keystead.core.errors import KeysteadError
from keystead.web import present
from keystead.web.call import Answer
from keystead.web.entrance import Entrance
from keystead.web.faults import log_fault
from keystead.web.sending import send_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from litestar.handlers import ASGIRouteHandler
    from litestar.types import Receive, Scope, Send

    from keystead.core.clock import Clock
    from keystead.gate.gate import Gate

__all__ = ["Door"]

_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_OPEN_METHODS: Final = ("GET", "HEAD")
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
        self._entrance = Entrance(gate, clock, plain_beyond=plain_beyond)
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
            answer, headers = _unforeseen(error, request_id)
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
            request_id = present.new_request_id()
            if scope["query_string"] and (no := await self._entrance.exposed(scope, request_id)):
                await send_answer(receive, send, *refusal(no, request_id))
            elif scope["raw_path"] != path.encode():
                await send_answer(receive, send, *not_found(request_id))
            elif scope["method"] not in _OPEN_METHODS:  # type: ignore[typeddict-item]  # Litestar sends HTTP alone here
                await send_answer(receive, send, *wrong_method(_OPEN_METHODS, request_id))
            else:
                status, body = await answer()
                await send_answer(receive, send, Answer(status, body), {})

        return asgi(path, copy_scope=False)(handle)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever goes wrong."""
        try:
            # As it was sent: Litestar's own notion of the path has lost doubled, closing and quoted slashes.
            found = self._table.find(scope["raw_path"])
            entry = None if found is None else found[0].get(scope["method"])  # type: ignore[typeddict-item]  # HTTP alone
            if found is not None and entry is not None:
                way = RouteWay(
                    self._gate, self._clock, self._issuer, entry, found[1], scope, receive
                )
                answer, headers = await self._entrance.answered(scope, way)
            else:
                answer, headers = await self._nowhere(scope, None if found is None else found[0])
        except Exception as error:  # noqa: BLE001  # the last net: a fault of ours is a clean 500
            answer, headers = _unforeseen(error, present.new_request_id())
        await send_answer(receive, send, answer, headers)

    async def _nowhere(
        self, scope: Scope, methods: Iterable[str] | None
    ) -> tuple[Answer, dict[str, str]]:
        """Answer where there is no route; `methods` are those that the path takes, if it is one."""
        request_id = present.new_request_id()
        if (no := await self._entrance.exposed(scope, request_id)) is not None:
            return refusal(no, request_id)
        return not_found(request_id) if methods is None else wrong_method(methods, request_id)

    async def _readiness(self) -> tuple[int, bytes]:
        ready = await self._ready()
        return (200, b'{"status":"ready"}') if ready else (503, b'{"status":"not ready"}')


def _fixed(body: bytes) -> Callable[[], Awaitable[tuple[int, bytes]]]:
    async def answer() -> tuple[int, bytes]:
        return 200, body

    return answer


def _unforeseen(error: Exception, request_id: str) -> tuple[Answer, dict[str, str]]:
    log_fault(error, request_id)
    return refusal(KeysteadError(), request_id)
