"""The framework's application, with a straight way to each door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from litestar import Litestar, asgi
from litestar.enums import ScopeType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from litestar.types import (
        ASGIApp,
        LifeSpanReceive,
        LifeSpanScope,
        LifeSpanSend,
        Receive,
        Scope,
        Send,
    )

    from keystead.api.door import Door

__all__ = ["Application"]

_API: Final = b"/api/"


class Application(Litestar):
    """What the listener is given.

    On Litestar's way to a door each request passes five calls that look for what a plain ASGI door has none
    of: guards, handlers of exceptions, a copied scope, a `send` wrapped to see what was sent. That is a
    twelfth of what fetching a secret takes. So a request that Litestar would hand on as it is goes straight.
    """

    def __init__(
        self,
        door: Door,
        others: Mapping[str, ASGIApp],
        life: Callable[[Litestar], AbstractAsyncContextManager[None]],
    ) -> None:
        """Mount the API's door, and others at their paths; `life` goes on from the start to the stop."""
        self._door = door
        self._others = {path.encode(): serve for path, serve in others.items()}
        super().__init__(
            route_handlers=[
                *door.handlers(),
                *(asgi(path, copy_scope=False)(serve) for path, serve in others.items()),
            ],
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
        straight = self._straight(cast("Scope", scope)) if scope["type"] == ScopeType.HTTP else None
        await (straight or super().__call__)(scope, receive, send)  # type: ignore[arg-type]  # of one scope's kind

    def _straight(self, scope: Scope) -> ASGIApp | None:
        path = scope["raw_path"]
        return self._door.serve if path.startswith(_API) else self._others.get(path)
