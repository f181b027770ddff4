"""uvicorn's HTTP protocol with bounds on what a connection may cost before anybody has asked who it is.

uvicorn by itself reads a head of any length for any time, takes what follows a chunked body (RFC 9112
§7.1.2) for headers of the request, and writes a line into the log for each thing that it cannot read.
Here all of that ends the connection, with an answer where one can still be understood.
"""

from __future__ import annotations

from asyncio import Event, TimerHandle, Transport
from typing import Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_remote_addr

from keystead.core.errors import Invalid, KeysteadError, Unavailable
from keystead.front.crowd import Crowd
from keystead.front.cycle import Cycle
from keystead.front.head import check_head
from keystead.front.unread import MAX_HEAD, MAX_HEADERS, answer_of, too_large, unreadable
from keystead.web.bodies import MAX_BODY

__all__ = [
    "MAX_CONNECTIONS",
    "MAX_HEAD_SECONDS",
    "MAX_OF_ADDRESS",
    "BoundedProtocol",
]

MAX_HEAD_SECONDS: Final = 20.0
"""From the first byte of a request, or the connection's beginning, to the end of its head."""

MAX_CONNECTIONS: Final = 2_000
"""Of one process; whoever comes beyond them is answered 503, and beyond a tenth more nothing."""

MAX_OF_ADDRESS: Final = MAX_CONNECTIONS // 4
"""Of one process with one client, who is an IPv4 address or the first half of an IPv6 one."""

_LINGER_SECONDS: Final = 5.0
_LEFT_OVER: Final = 2 * MAX_BODY
"""Bytes of a body that are still read, and thrown away, when the answer has been given: a client that
finds the connection closed while it sends would not read the answer."""


class _Refused(Exception):  # leaves the parser's callbacks, which wrap it
    def __init__(self, error: KeysteadError) -> None:
        super().__init__()
        self.error = error


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    head_seconds: float = MAX_HEAD_SECONDS
    most: int = MAX_CONNECTIONS
    most_of_address: int = MAX_OF_ADDRESS
    crowd = Crowd()

    _place: str | None = None
    _timer: TimerHandle | None = None
    _in_head = True
    _in_message = False
    _fed = 0
    _piece = 0
    _left_over = 0

    def enter(self, transport: Transport) -> bool:
        """Count a connection, also before it is made; say whether there is room, else it is ended."""
        client = get_remote_addr(transport)
        address = None if client is None else client[0]
        try:
            self._place = self.crowd.enter(address, self.most * 11 // 10, self.most_of_address)
        except OverflowError:
            transport.abort()
            return False
        return True

    def leave(self) -> None:
        """Stop counting it."""
        if self._place is not None:
            self.crowd.leave(self._place)
            self._place = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to count the seconds."""
        super().connection_made(transport)
        if self._place is not None or self.enter(transport):
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting."""
        self._stop_timer()
        self.leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and end the connection where it or a bound says no."""
        self._unset_keepalive_if_required()
        self._piece = len(data)
        self._fed += self._piece
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # No other protocol is spoken here. The request is answered as it is, and is the last one.
            if self._answering():
                self.cycle.keep_alive = False
        except httptools.HttpParserError as error:
            inner = error.__context__
            self._end(inner.error if isinstance(inner, _Refused) else unreadable())
            return
        if self._in_head and self._fed > MAX_HEAD:
            self._end(too_large())
            return
        self._watch()

    def on_message_begin(self) -> None:
        """Begin with a request's head."""
        self._in_head = self._in_message = True
        self._left_over = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header of the head; one that follows the body could pass for one that was judged."""
        if not self._in_head:
            raise _Refused(Invalid("headers after the body are not taken"))
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Judge the head before anything is begun for it."""
        # The size is added up only where what has come could be as much.
        long = max(self._fed, self._piece) > MAX_HEAD and self._size() > MAX_HEAD
        if long or len(self.headers) > MAX_HEADERS:
            raise _Refused(too_large())
        if len(self.connections) > self.most:
            raise _Refused(Unavailable("busy", "too many connections are open; try again later"))
        if (no := check_head(self.parser.get_http_version(), self.headers)) is not None:
            raise _Refused(no)
        self._in_head = False
        self._read_head()
        self._begin_cycle()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body, or throw it away where the answer did not wait for it."""
        if self.cycle.response_complete:
            self._left_over += len(body)
            if self._left_over > _LEFT_OVER:
                self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Begin to count for the next request of the connection."""
        self._in_head, self._in_message = True, False
        self._fed = 0
        super().on_message_complete()

    def _read_head(self) -> None:
        # uvicorn's own, without what is not offered here: upgrades, a root path, a bound on concurrency.
        parser, scope = self.parser, self.scope
        scope["method"] = parser.get_method().decode("ascii")
        scope["http_version"] = parser.get_http_version()
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["raw_path"] = url.path
        scope["path"] = unquote(path) if "%" in path else path
        scope["query_string"] = url.query or b""

    def _begin_cycle(self) -> None:
        waits = self._answering()
        self.cycle = cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self.scope["http_version"] != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if waits:
            # The request before it is not answered yet.
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))
        else:
            self._start_asgi_task(cycle, self.app)

    def _answering(self) -> bool:
        return not getattr(
            self.cycle, "response_complete", True
        )  # there is none before the first request

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _watch(self) -> None:
        """Count the seconds while a request is awaited or on its way; uvicorn does so between two."""
        if self._answering() and not self._in_message:
            self._stop_timer()
        elif self._timer is None and self.timeout_keep_alive_task is None:
            self._timer = self.loop.call_later(self.head_seconds, self._late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if not self._in_message:
            self.transport.close()
        elif self._in_head:
            seconds = f"{self.head_seconds:g}"
            late = f"the request took longer than {seconds} seconds"
            self._end(Invalid(late, code="request_timeout"))
        elif self.cycle.response_complete:
            self.transport.abort()
        else:
            # The door is reading the body, and counts its seconds itself.
            self._timer = self.loop.call_later(_LINGER_SECONDS, self._late)

    def _end(self, error: KeysteadError) -> None:
        """Answer, if that can still be understood as the answer to this request, and hang up."""
        self._stop_timer()
        if self.transport.is_closing():
            return
        cycle = self.cycle
        # In the head of a request the cycle is the one before it.
        busy = self._answering()
        mixed = busy and (self._in_head or cycle.response_started)
        if busy:
            cycle.disconnected = True
            cycle.message_event.set()
        if not mixed and not self.pipeline:
            self.transport.write(answer_of(error))
        self.transport.close()
