"""A TLS connection until its handshake is done: counted from the accept on, as any other.

The loop would tell nobody of a connection before its handshake. Whoever began many and finished none could
then have all the files that a process may open.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, Protocol, Transport
from functools import partial
from typing import TYPE_CHECKING, Final

# What uvloop's own listener puts between a connection and its protocol; its stub leaves it out.
from uvloop.loop import SSLProtocol  # type: ignore[attr-defined]

from keystead.front.protocol import BoundedProtocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

__all__ = ["MAX_HANDSHAKE_SECONDS", "Handshake"]

MAX_HANDSHAKE_SECONDS: Final = 10.0


class Handshake(Protocol):
    """One connection; when its handshake is done, the protocol of its requests has it."""

    seconds: float = MAX_HANDSHAKE_SECONDS

    def __init__(
        self, loop: AbstractEventLoop, context: SSLContext, then: Callable[[], BoundedProtocol]
    ) -> None:
        """Nobody has connected yet."""
        self._loop, self._context, self._then = loop, context, then

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Count it, and shake hands if there is room."""
        protocol = self._then()
        if not protocol.enter(transport):
            return
        try:
            self._shake(protocol, transport)
        except BaseException:
            # The loop would leave it open, and tell nobody of its end.
            protocol.leave()
            transport.abort()
            raise

    def _shake(self, protocol: BoundedProtocol, transport: Transport) -> None:
        ended: Future[None] = self._loop.create_future()
        ended.add_done_callback(partial(_ended, protocol, transport))
        shaking = SSLProtocol(
            self._loop,
            protocol,
            self._context,
            ended,
            server_side=True,
            ssl_handshake_timeout=self.seconds,
        )
        transport.set_protocol(shaking)
        shaking.connection_made(transport)


def _ended(protocol: BoundedProtocol, transport: Transport, ended: Future[None]) -> None:
    """Count one less where the protocol was never told of its connection, and so not of its end either."""
    if not ended.cancelled():
        # A client that gave up, was late or speaks no TLS is no news.
        ended.exception()
    if protocol.scheme is None:
        transport.abort()
        protocol.leave()
