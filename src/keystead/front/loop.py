"""The event loop of a process that serves: uvloop's, which ends a handshake that takes too long.

uvicorn opens the listener, and does not say how long a handshake may take; a minute is what is meant by that.
Meanwhile whoever has connected and says nothing holds a file, and is no connection to be counted yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import uvloop

if TYPE_CHECKING:
    from asyncio import AbstractServer

__all__ = ["LOOP", "MAX_HANDSHAKE_SECONDS", "Loop"]

MAX_HANDSHAKE_SECONDS: Final = 10.0

LOOP: Final = "keystead.front.loop:Loop"
"""As uvicorn is told of it; each worker makes its own."""


class Loop(uvloop.Loop):
    """One process's loop."""

    handshake_seconds: float = MAX_HANDSHAKE_SECONDS

    async def create_server(  # type: ignore[override]  # handed on, whatever it is
        self,
        *args: Any,  # noqa: ANN401
        **more: Any,  # noqa: ANN401
    ) -> AbstractServer:
        """Listen as uvloop does."""
        if more.get("ssl") is not None:
            more.setdefault("ssl_handshake_timeout", self.handshake_seconds)
        return await super().create_server(*args, **more)
