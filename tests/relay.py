"""A TCP relay in a thread, so that a test can take a server out of another one's reach."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from keystead.store.postgres.loop import LoopThread

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Relay", "relay"]


class Relay:
    """Passes bytes on to a port of this machine while it is open; cut off, it swallows them.

    Attributes:
        broken: how many lines it broke at a word.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = True
        self._word: tuple[bytes, bool] | None = None
        self._lost: bytes | None = None
        self.broken = 0
        self._loop = LoopThread()
        self._lines: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._server = self._loop.run(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """As a dropped route does it: nothing comes back, and nothing says so."""
        self._open = False

    def mend(self) -> None:
        self._open = True

    def break_at(self, word: bytes, *, passed_on: bool) -> None:
        """Break the next line on which a client says a word, before or after the word is passed on."""
        self._word = word, passed_on

    def lose(self, word: bytes | None) -> None:
        """Swallow what a server says with a word in it; None passes all on again."""
        self._lost = word

    def close(self) -> None:
        self._loop.run(self._end())
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _end(self) -> None:
        self._server.close()
        for line in self._lines:
            line.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        try:
            there, to_there = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        self._lines.add(to_there)
        for source, sink in ((reader, to_there), (there, writer)):
            pipe = asyncio.create_task(self._pass(source, sink, writer))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await source.read(65_536):
                word, passed_on = self._word or (b"", False)
                breaks = sink is not client and self._word is not None and word in data
                loses = sink is client and self._lost is not None and self._lost in data
                if self._open and not loses and (passed_on or not breaks):
                    sink.write(data)
                    await sink.drain()
                if breaks:
                    self._word = None
                    self.broken += 1
                    client.transport.abort()
                    return
        except OSError:
            pass
        finally:
            sink.close()
            with suppress(OSError):
                await sink.wait_closed()


@contextmanager
def relay(port: int) -> Iterator[Relay]:
    """Open a relay to a port."""
    made = Relay(port)
    try:
        yield made
    finally:
        made.close()
