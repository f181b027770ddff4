"""uvicorn's answering of one request, with the head and the body of an answer in one piece.

uvicorn writes the head when it is told of it and the body when that comes: two calls of the system, two
packets, and a client that is woken twice. That takes a tenth of what fetching a secret does, and looking
through each header by itself for characters that may not stand there takes as much again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["Cycle"]

_BODILESS = frozenset({204, 304})


class Cycle(RequestResponseCycle):
    """One request and its answer."""

    _head = b""

    async def send(self, message: MutableMapping[str, Any]) -> None:  # type: ignore[override]  # less exact
        """Take the head, or a part of the body.

        Raises:
            RuntimeError: the application does not speak as ASGI has it; nothing more is answered.
        """
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if not self.response_started:
            self._begin(message)
        elif not self.response_complete:
            self._go_on(message)
        else:
            raise RuntimeError("the answer is complete already")

    def _begin(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError("an answer begins with its head")
        self.response_started = True
        self.waiting_for_100_continue = False
        status: int = message["status"]
        lines = [STATUS_LINE[status]]
        headers: list[tuple[bytes, bytes]] = [*self.default_headers, *message.get("headers", ())]
        closes = False
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
            if name == b"content-length":
                self.expected_content_length = int(value)
                self.chunked_encoding = False
            elif name == b"connection" and value.lower() == b"close":
                closes = True
        # All at once: a forbidden character is forbidden wherever it stands.
        if HEADER_RE.search(b"".join(lines[1::4])) or HEADER_VALUE_RE.search(b"".join(lines[3::4])):
            raise RuntimeError("a header holds a character that may not stand there")
        if closes:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        sized = self.chunked_encoding is not None or self.scope["method"] == "HEAD"
        if not sized and status not in _BODILESS:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        self._head = b"".join(lines)
        if self.chunked_encoding:
            # The first part of a stream may be long in coming.
            self._write(b"")

    def _go_on(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] != "http.response.body":
            raise RuntimeError("an answer has one head")
        body: bytes = message.get("body", b"")
        is_last = not message.get("more_body", False)
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            self._write(b"")
        elif self.chunked_encoding:
            part = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            self._write(part + b"0\r\n\r\n" if is_last else part)
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("the body is longer than the head says")
            self._write(body)
        if is_last:
            self._end()

    def _write(self, data: bytes) -> None:
        if self._head or data:
            self.transport.write(self._head + data)
        self._head = b""

    def _end(self) -> None:
        if self.expected_content_length:
            raise RuntimeError("the body is shorter than the head says")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
