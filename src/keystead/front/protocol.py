"""uvicorn's HTTP protocol with a bound on a request's head, which it reads at any length by itself."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["MAX_HEAD", "BoundedProtocol"]

MAX_HEAD: Final = 65_536
"""Bytes of the request line and all headers: more than clients send, and little to hold for a stranger."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A longer head is answered 400 and the connection closed, before anybody is asked."""

    _reading_head = True
    _head = 0

    def data_received(self, data: bytes) -> None:
        """Feed the parser; give up on a head that goes on and on, be it in one header that never ends."""
        if self._reading_head:
            self._head += len(data)
        super().data_received(data)
        if self._reading_head and self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_headers_complete(self) -> None:
        """Judge the head as it was sent.

        Raises:
            ValueError: it is too large; the parser makes a 400 of it.
        """
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MAX_HEAD:
            raise ValueError("the request's head is too large")
        self._reading_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Begin to count for the next request of the connection."""
        self._reading_head = True
        self._head = 0
        super().on_message_complete()
