"""The event loop of a process that serves: uvloop's, whose TLS connections are counted before they are made.

uvicorn opens the listener, and hands the certificate to the loop. Here the loop keeps it: what is accepted is
given to ``handshake`` first.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import uvloop

from keystead.front.handshake import Handshake

if TYPE_CHECKING:
    from asyncio import AbstractServer
    from collections.abc import Callable

    from keystead.front.protocol import BoundedProtocol

__all__ = ["LOOP", "Loop"]

LOOP: Final = "keystead.front.loop:Loop"
"""As uvicorn is told of it; each worker makes its own."""


class Loop(uvloop.Loop):
    """One process's loop."""

    async def create_server(  # type: ignore[override]  # handed on, whatever it is
        self,
        protocol_factory: Callable[[], BoundedProtocol],
        *args: Any,  # noqa: ANN401
        **more: Any,  # noqa: ANN401
    ) -> AbstractServer:
        """Listen as uvloop does, and shake hands as we do."""
        context = more.pop("ssl", None)
        accept = (
            protocol_factory
            if context is None
            else partial(Handshake, self, context, protocol_factory)
        )
        return await super().create_server(accept, *args, **more)
