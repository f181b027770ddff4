"""A peer on loopback that answers what a test has laid out, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def problem(status: int, code: str, **more: object) -> Reply:
    headers = {"Content-Type": "application/problem+json"}
    body = {
        "type": f"urn:{code}",
        "title": code,
        "status": status,
        "code": code,
        "detail": f"the detail of {code}",
        "request_id": "req_000000000001",
        **more,
    }
    return Reply(status, json.dumps(body).encode(), headers)


class Peer:
    """Answers by method and path (with its query); anything else is 404 `not_found`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: dict[str, Reply] = {}
        self.asked: list[Asked] = []

    def on(self, line: str, answer: Reply) -> None:
        """Lay out the answer to `GET /api/v1/whoami`."""
        self.replies[line] = answer


@contextmanager
def running_peer() -> Iterator[Peer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            peer.asked.append(Asked(self.command, self.path, headers, self.rfile.read(length)))
            found = peer.replies.get(f"{self.command} {self.path}", problem(404, "not_found"))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
            """Say nothing."""

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: that a client goes away early is what some tests are about."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with Listener(("127.0.0.1", 0), Handler) as server:
        peer = Peer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            server.shutdown()
            thread.join()


CREDENTIAL: Mapping[str, object] = {
    "id": "cred_000000000001",
    "public_id": "kst_000000000001",
    "kind": "api_token",
    "type": "static",
    "name": "nightly",
    "description": "",
    "owner": {"id": "own_000000000001", "kind": "user", "name": "Ada"},
    "created_by": "own_000000000001",
    "created_at": "2026-11-22T03:00:00Z",
    "modified_at": "2026-11-22T03:00:00Z",
    "state": "active",
    "access": [{"api": "keystead", "scopes": ["secrets:read"], "levels": {}}],
    "networks": [{"text": "192.168.1.30/24", "interpreted": "192.168.1.0/24"}],
    "expires_at": "2027-01-31T18:00:00Z",
    "not_before": None,
    "metadata": {"team": "blue"},
    "last_used": None,
    "secrets": [],
}
TOKEN = "kst_" + "0" * 61
