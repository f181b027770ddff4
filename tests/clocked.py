"""A server inside the test's own process, behind a real socket, whose clock stands until it is set.

It is built and served as `keystead serve` does it, but for the process: no test of it waits for an end.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn

from keystead.core.clock import SystemClock, format_instant, later, parse_instant
from keystead.front.protocol import BoundedProtocol
from keystead.serving import build
from keystead.settings import read_settings
from tests.gate.houses import SetClock
from tests.running import Served, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Clocked", "running_clocked"]

_PATIENCE = 30.0
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class Clocked(Served):
    """A server whose clock is the test's; it began at the real time."""

    clock: SetClock

    def after(self, **span: float) -> str:
        """Return the instant so long from the server's now, as it is written on the wire."""
        return format_instant(later(self.clock.now(), timedelta(**span) // _MICROSECOND))

    def set(self, at: str, **more: float) -> None:
        """Set the clock to an instant, or to so long after it."""
        self.clock.at = later(parse_instant(at), timedelta(**more) // _MICROSECOND)


async def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    await server.serve([listening])
    # A connection that came while the server ended is closed by its loop, which asks for some more turns.
    await asyncio.sleep(0.05)


@contextmanager
def running_clocked(data: Path, change: Callable[[Path], None] | None = None) -> Iterator[Clocked]:
    """Make an installation, change it where that is wanted, serve it, and stop at the end."""
    admin = installed(data)
    if change is not None:
        change(data)
    clock = SetClock(SystemClock().now())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(
            uvicorn.Config(
                # Built in the thread that serves, as a worker builds it in its own process.
                lambda: build(read_settings(data, served=url), clock),
                factory=True,
                http=BoundedProtocol,
                ws="none",
                lifespan="on",
                interface="asgi3",
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
            )
        )
        thread = Thread(target=lambda: asyncio.run(_serve(server, listening)))
        thread.start()
        try:
            deadline = time.monotonic() + _PATIENCE
            while not server.started:
                assert thread.is_alive(), "the server ended before it began"
                assert time.monotonic() < deadline, "the server does not begin"
                time.sleep(0.005)
            yield Clocked(data, url, admin["admin_token"], admin["admin_password"], clock)
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)
    assert not thread.is_alive(), "the server does not end"
