"""A peer on loopback that answers what a test has laid out, and remembers what it was asked."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.running import send


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


class Fault(Enum):
    """What happens instead of an answer."""

    DROP = "the connection is closed without an answer"
    CUT = "the connection is closed in the middle of an answer"


def reply(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def busy(status: int = 503, code: str = "busy", retry_after: int | None = None) -> Reply:
    """Answer that it cannot be now, with or without the time to wait."""
    found = problem(status, code)
    wait = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return replace(found, headers={**found.headers, **wait})


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
        self._replies: dict[str, list[Reply | Fault]] = {}
        self.asked: list[Asked] = []

    def on(self, line: str, *answers: Reply | Fault) -> None:
        """Lay out the answers to `GET /api/v1/whoami`, one after another; the last one stays."""
        self._replies[line] = list(answers)

    def answer_to(self, asked: Asked) -> Reply | Fault:
        """Remember a request and return what to answer."""
        self.asked.append(asked)
        found = self._replies.get(f"{asked.method} {asked.path}", [problem(404, "not_found")])
        return found.pop(0) if len(found) > 1 else found[0]


class Between(Peer):
    """Passes everything on to a server, and loses some of its answers."""

    def __init__(self, url: str, server: str, losses: list[Fault]) -> None:
        super().__init__(url)
        self._server = server
        self.losses = losses

    def answer_to(self, asked: Asked) -> Reply | Fault:
        self.asked.append(asked)
        found = send(self._server, asked.method, asked.path, asked.body, asked.headers)
        if self.losses:
            return self.losses.pop(0)
        # The peer's own library says how long it is, and when it was sent.
        headers = {n: v for n, v in found.headers.items() if n not in {"content-length", "date"}}
        return Reply(found.status, found.body, headers)


@contextmanager
def running_between(server: str, *losses: Fault) -> Iterator[Between]:
    """Stand between a client and a server whose first answers are lost."""
    with running_peer(make=lambda url: Between(url, server, list(losses))) as found:
        assert isinstance(found, Between)
        yield found


@contextmanager
def running_peer(
    port: int = 0, tls: ssl.SSLContext | None = None, make: Callable[[str], Peer] = Peer
) -> Iterator[Peer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            found = peer.answer_to(asked)
            if found is Fault.DROP:
                self.hang_up()
                return
            body = b'{"cut": true}' if isinstance(found, Fault) else found.body
            self.send_response(200 if isinstance(found, Fault) else found.status)
            for name, value in ({} if isinstance(found, Fault) else found.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:4] if found is Fault.CUT else body)
            if found is Fault.CUT:
                self.hang_up()

        def hang_up(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
            """Say nothing."""

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: that a client goes away early is what some tests are about."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with Listener(("127.0.0.1", port), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        peer = make(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            server.shutdown()
            thread.join()


def self_signed(folder: Path) -> Path:
    """Make a key and a certificate for 127.0.0.1 that is its own authority, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / "peer.pem"
    file.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, *plain))
    return file


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
FOLDER: Mapping[str, object] = {
    "id": "fold_000000000001",
    "name": "ops",
    "path": "ops",
    "created_at": "2026-11-22T03:00:00Z",
}
WHOAMI: Mapping[str, object] = {
    "owner": {"id": "own_000000000001", "kind": "user", "name": "Ada"},
    "credential": {"id": "cred_000000000001", "kind": "api_token", "name": "nightly"},
    "address": "127.0.0.1",
}
TOKEN = "kst_" + "0" * 61
