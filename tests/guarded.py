"""An API of somebody's, which asks Keystead about each credential that it is shown, over real sockets.

It knows nothing of Keystead but a URL and a key of its own; the reasons go into its log, not to its clients.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.running import Answer, Served, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Guarded", "Shown", "by_introspection", "by_verification", "guarded"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request showed: a credential, for an operation, from an address."""

    token: str
    scope: str
    address: str


@dataclass(slots=True)
class Guarded:
    """The API while it is served.

    Attributes:
        operations: the scope that each `METHOD /path` takes.
        ask: says why a request is refused, or "" if it is not.
        log: what was answered to each request, with the reason.
    """

    operations: Mapping[str, str]
    ask: Callable[[Shown], str]
    url: str = ""
    log: list[tuple[int, str]] = field(default_factory=list)

    def call(self, operation: str, token: str | None, *, source: str | None = None) -> int:
        """Send a request to it; return the status."""
        method, path = operation.split()
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return send(self.url, method, path, headers=headers, source=source).status

    def why(self, operation: str, token: str, *, source: str | None = None) -> tuple[int, str]:
        """Send a request; return the status, and the reason that its log has."""
        self.call(operation, token, source=source)
        return self.log[-1]

    def judge(self, operation: str, token: str, address: str) -> int:
        scope = self.operations.get(operation)
        if scope is None:
            return self._answered(404, "")
        reason = self.ask(Shown(token, scope, address)) if token else "nothing shown"
        held = not reason or reason in {"INSUFFICIENT_SCOPE", "NETWORK_DENIED"}
        return self._answered((403 if reason else 200) if held else 401, reason)

    def _answered(self, status: int, reason: str) -> int:
        self.log.append((status, reason))
        return status


def by_verification(keystead: Served, key: str, audience: str) -> Callable[[Shown], str]:
    """Ask `POST /api/v1/verify`, which says the reason."""

    def ask(shown: Shown) -> str:
        body = {
            "token": shown.token, "audience": audience, "scopes": [shown.scope],
            "client_ip": shown.address,
        }  # fmt: skip
        found = _decided(keystead.call("POST", "/api/v1/verify", body, token=key))
        return "" if found["active"] else str(found["code"])

    return ask


def by_introspection(keystead: Served, key: str) -> Callable[[Shown], str]:
    """Ask `POST /oauth/introspect`, which says no reason."""

    def ask(shown: Shown) -> str:
        form = urlencode({"token": shown.token, "client_ip": shown.address}).encode()
        found = _decided(
            keystead.call(
                "POST",
                "/oauth/introspect",
                token=key,
                raw=form,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        )
        if not found["active"]:
            return "inactive"
        return "" if shown.scope in str(found["scope"]).split() else "INSUFFICIENT_SCOPE"

    return ask


def _decided(answer: Answer) -> dict[str, object]:
    assert answer.status == 200, answer.body
    return dict(answer.json())


@contextmanager
def guarded(operations: Mapping[str, str], ask: Callable[[Shown], str]) -> Iterator[Guarded]:
    """Serve such an API."""
    api = Guarded(operations, ask)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status = api.judge(f"{self.command} {self.path}", token, self.client_address[0])
            body = json.dumps({"status": status}).encode()
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", "Bearer")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815  # the library's names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        api.url = f"http://127.0.0.1:{served.server_address[1]}"
        thread = Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield api
        finally:
            served.shutdown()
            thread.join()
