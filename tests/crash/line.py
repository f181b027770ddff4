"""Connections that stay open, and which of two workers has one."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.oauth.asking import FORM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.running import Server

__all__ = ["Line", "line_to_each", "worker_of"]

_TRIES = 200


class Line:
    """One kept-open connection; every request on it has the same token unless told otherwise."""

    def __init__(self, server: Server, token: str, source: str | None = None) -> None:
        host, _, port = server.url.removeprefix("http://").partition(":")
        self._token = token
        self._connection = HTTPConnection(
            host, int(port), timeout=20, source_address=(source, 0) if source else None
        )

    def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> tuple[int, Any, str]:
        """Return status, decoded body and request id."""
        headers = {"Authorization": f"Bearer {token or self._token}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        return self._send(method, path, data, headers)

    def form(
        self, path: str, pairs: Sequence[tuple[str, str]], authorization: str | None = None
    ) -> tuple[int, Any, str]:
        """The same of a form, whose sender is who it says he is."""
        headers = {"Content-Type": FORM}
        if authorization is not None:
            headers["Authorization"] = authorization
        return self._send("POST", path, urlencode(pairs).encode(), headers)

    def _send(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any, str]:
        self._connection.request(method, path, body=data, headers=headers)
        answer = self._connection.getresponse()
        found = answer.read()
        request_id = answer.headers["Keystead-Request-Id"]
        return answer.status, json.loads(found) if found else None, request_id

    def close(self) -> None:
        self._connection.close()


def line_to_each(server: Server) -> tuple[Line, Line]:
    """Open a connection to each of two workers; it stays with the worker that took it."""
    found: dict[str, Line] = {}
    for _ in range(_TRIES):
        line = Line(server, server.admin_token)
        _, _, request_id = line.ask("GET", "/api/v1/whoami")
        if found.setdefault(worker_of(request_id), line) is not line:
            line.close()
        if len(found) == 2:
            first, second = found.values()
            return first, second
    raise AssertionError("one worker alone answers")


def worker_of(request_id: str) -> str:
    """Return which process answered: request ids of one begin alike."""
    return request_id[4:12]
