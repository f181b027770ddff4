"""How one may listen: TLS, and plain HTTP beyond this machine, where a credential is not taken."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from keystead.serving import build
from keystead.settings import read_settings
from tests.doors.certificates import new_pair, put
from tests.doors.lowered import lowered
from tests.running import initialise, installed, start


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data directory, and its administrator's token."""
    data = tmp_path_factory.mktemp("listener") / "data"
    return data, initialise(data)["admin_token"]


def test_tls_is_served_directly_and_trusted_by_its_authority(tmp_path: Path) -> None:
    pair = new_pair()
    cert, key = put(tmp_path, cert=pair.cert, key=pair.key)
    trusting = ssl.create_default_context(cafile=str(cert))
    admin = initialise(tmp_path / "data")
    server = start(
        tmp_path / "data", admin, "--tls-cert", str(cert), "--tls-key", str(key), context=trusting
    )
    try:
        request = urllib.request.Request(
            f"{server.url}/api/v1/whoami", headers={"Authorization": f"Bearer {server.admin_token}"}
        )
        with urllib.request.urlopen(request, context=trusting) as answer:
            assert json.load(answer)["owner"]["name"] == "Administrator"
        with pytest.raises(urllib.error.URLError, match="certificate"):
            urllib.request.urlopen(f"{server.url}/healthz", context=ssl.create_default_context())
    finally:
        server.stop()


def test_a_handshake_that_does_not_begin_is_ended(tmp_path: Path) -> None:
    pair = new_pair()
    cert, key = put(tmp_path, cert=pair.cert, key=pair.key)
    context = ssl.create_default_context(cafile=str(cert))
    arguments = ("--tls-cert", str(cert), "--tls-key", str(key))
    admin = installed(tmp_path / "data")
    program = lowered(handshake_seconds=1)
    server = start(tmp_path / "data", admin, *arguments, context=context, program=program)
    try:
        host, _, port = server.url.removeprefix("https://").partition(":")
        began = time.monotonic()
        with socket.create_connection((host, int(port)), 30.0) as silent:
            with contextlib.suppress(ConnectionResetError):
                assert silent.recv(1) == b""
            assert 0.9 < time.monotonic() - began < 20.0
        with urllib.request.urlopen(f"{server.url}/healthz", context=context) as answer:
            assert answer.status == 200
    finally:
        server.stop()


def test_handshakes_that_are_not_done_take_room_until_they_end(tmp_path: Path) -> None:
    pair = new_pair()
    cert, key = put(tmp_path, cert=pair.cert, key=pair.key)
    context = ssl.create_default_context(cafile=str(cert))
    arguments = ("--tls-cert", str(cert), "--tls-key", str(key))
    admin = installed(tmp_path / "data")
    program = lowered(most=10)
    server = start(tmp_path / "data", admin, *arguments, context=context, program=program)
    host, _, port = server.url.removeprefix("https://").partition(":")
    try:
        with contextlib.ExitStack() as held:
            for _ in range(11):
                held.enter_context(socket.create_connection((host, int(port)), 30.0))
            beyond = held.enter_context(socket.create_connection((host, int(port)), 30.0))
            with contextlib.suppress(ConnectionResetError):
                assert beyond.recv(1) == b""
        assert _is_alive(server.url, context)
        assert "has 11 connections, and takes no more" in server.log.read_text()
        for _ in range(20):
            assert _is_alive(server.url, context)
    finally:
        server.stop()


def _is_alive(url: str, context: ssl.SSLContext) -> bool:
    deadline = time.monotonic() + 20.0
    while time.monotonic() < deadline:
        alive = urllib.request.Request(f"{url}/healthz")
        with contextlib.suppress(OSError), urllib.request.urlopen(alive, context=context) as answer:
            return bool(answer.status == 200)
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("peer", "scheme", "status"),
    [
        pytest.param("192.0.2.9", "http", 403, id="in the clear from another machine"),
        pytest.param("2001:db8::9", "http", 403, id="in the clear by IPv6"),
        pytest.param("127.0.0.1", "http", 200, id="from this machine"),
        pytest.param("::1", "http", 200, id="from this machine by IPv6"),
        pytest.param("::ffff:127.0.0.1", "http", 200, id="from this machine, mapped"),
    ],
)
def test_a_credential_in_the_clear_from_another_machine_is_refused_and_entered(
    installation: tuple[Path, str], peer: str, scheme: str, status: int
) -> None:
    data, token = installation
    answered = asyncio.run(_ask(data, token, peer, scheme))
    assert answered["status"] == status
    if status == 403:
        assert answered["code"] == "tls_required"


async def _ask(data: Path, token: str, peer: str, scheme: str) -> dict[str, Any]:
    """Put one request to the application as the listener would hand it over."""
    app = build(read_settings(data, {}, exposed_listener=True))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": scheme, "path": "/api/v1/whoami", "raw_path": b"/api/v1/whoami", "root_path": "",
        "query_string": b"", "headers": [(b"authorization", f"Bearer {token}".encode())],
        "client": (peer, 40000), "server": ("192.0.2.1", 8780), "state": {},
    }  # fmt: skip
    async with app.lifespan():
        await app(scope, receive, send)  # type: ignore[arg-type]
    body = json.loads(b"".join(m.get("body", b"") for m in sent))
    return {"status": sent[0]["status"], "code": body.get("code")}
