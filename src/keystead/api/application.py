"""The framework's application, with a straight way to the API's own door."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from litestar import Litestar
from litestar.enums import ScopeType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from litestar.handlers import ASGIRouteHandler
    from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send

    from keystead.api.door import Door

__all__ = ["Application"]

_API: Final = b"/api/"

# RFC 9110 §7.2: what the framework refuses in a Host header is left to it.
_HOST: Final = re.compile(rb"[0-9A-Za-z.:\[\]_-]*")


class Application(Litestar):
    """What the listener is given.

    On Litestar's way to a mounted door each request passes five calls that look for what a plain ASGI door
    has none of: guards, handlers of exceptions, a copied scope, a `send` wrapped to see what was sent. That
    is a twelfth of what fetching a secret takes.
    """

    def __init__(
        self,
        door: Door,
        others: Sequence[ASGIRouteHandler],
        life: Callable[[Litestar], AbstractAsyncContextManager[None]],
    ) -> None:
        """Mount the API's door and others; `life` is what goes on from the start to the stop."""
        self._door = door
        super().__init__(
            route_handlers=[*door.handlers(), *others],
            lifespan=[life],
            exception_handlers={Exception: lambda _, error: door.fault(error)},
            openapi_config=None,
            logging_config=None,
        )

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Hand the request to its door."""
        if scope["type"] == ScopeType.HTTP and _goes_straight(cast("Scope", scope)):
            await self._door.serve(scope, receive, send)  # type: ignore[arg-type]  # of one scope's kind
        else:
            await super().__call__(scope, receive, send)


def _goes_straight(scope: Scope) -> bool:
    if not scope["raw_path"].startswith(_API):
        return False
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return all(map(_HOST.fullmatch, hosts))
