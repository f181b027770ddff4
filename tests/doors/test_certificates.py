"""A certificate that is renewed on disk is shown without a restart, and nobody is disconnected for it."""

from __future__ import annotations

import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from cryptography import x509

from tests.doors.certificates import Pair, new_pair, put
from tests.doors.lowered import lowered
from tests.running import KEYSTEAD, Server, installed, start

PATIENCE = 20.0
NEVER = 600.0
ALIVE = b"GET /healthz HTTP/1.1\r\nHost: keystead\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Listener:
    """A server that shows the certificate of a folder."""

    server: Server
    folder: Path

    def dial(self) -> ssl.SSLSocket:
        """Open a connection with a handshake of its own."""
        host, _, port = self.server.url.removeprefix("https://").partition(":")
        plain = socket.create_connection((host, int(port)), PATIENCE)
        return _believing().wrap_socket(plain)

    def shown(self) -> int:
        """Return the serial number of the certificate that a new connection is shown."""
        with self.dial() as connection:
            return _serial(connection)

    def lines(self, words: str) -> list[str]:
        """Return the log's lines with these words."""
        return [line for line in self.server.log.read_text().splitlines() if words in line]


def _believing() -> ssl.SSLContext:
    """Return a client that looks at whatever it is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _serial(connection: ssl.SSLSocket) -> int:
    shown = connection.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def _is_alive(connection: ssl.SSLSocket) -> bool:
    connection.sendall(ALIVE)
    found = b""
    while not found.endswith(b'{"status":"alive"}'):
        piece = connection.recv(65_536)
        if not piece:
            return False
        found += piece
    return True


def _until(so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@contextmanager
def _listening(
    folder: Path, pair: Pair, *arguments: str, program: tuple[str, ...] = (KEYSTEAD,)
) -> Iterator[Listener]:
    cert, key = put(folder, cert=pair.cert, key=pair.key)
    admin = installed(folder / "data")
    named = ("--tls-cert", str(cert), "--tls-key", str(key))
    server = start(
        folder / "data", admin, *named, *arguments, context=_believing(), program=program
    )
    try:
        yield Listener(server, folder)
    finally:
        server.stop()


@pytest.fixture
def first() -> Pair:
    return new_pair()


@pytest.fixture
def listener(tmp_path: Path, first: Pair) -> Iterator[Listener]:
    """One process."""
    with _listening(tmp_path, first) as found:
        yield found


@pytest.fixture
def workers(tmp_path: Path, first: Pair) -> Iterator[Listener]:
    """Two workers."""
    with _listening(tmp_path, first, "--workers", "2") as found:
        yield found


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_renewed_certificate_is_shown_and_nobody_is_disconnected(
    listener: Listener, first: Pair, kind: Literal["ec", "rsa"]
) -> None:
    with listener.dial() as old:
        assert _serial(old) == first.serial
        renewed = new_pair(kind)
        put(listener.folder, cert=renewed.cert, key=renewed.key)
        _until(
            lambda: _is_alive(old) and listener.shown() == renewed.serial,
            "the renewed certificate is not shown",
        )
        assert _is_alive(old)
    assert len(listener.lines("is shown from now on")) == 1
    assert listener.lines("ERROR") == []


def test_every_worker_shows_the_renewed_certificate(workers: Listener) -> None:
    renewed = new_pair()
    put(workers.folder, cert=renewed.cert, key=renewed.key)
    _until(lambda: len(workers.lines("is shown from now on")) == 2, "a worker has not read it")
    assert {workers.shown() for _ in range(20)} == {renewed.serial}


def test_a_pair_that_cannot_be_used_is_told_once_and_leaves_the_old_one_in_force(
    listener: Listener, first: Pair
) -> None:
    broken, renewed = "are no certificate and its unencrypted key", new_pair()
    put(listener.folder, key=b"-----BEGIN PRIVATE KEY-----\n")
    _until(lambda: len(listener.lines(broken)) == 1, "nothing is said of a broken key")
    assert listener.shown() == first.serial
    put(listener.folder, cert=renewed.cert, key=first.key)
    _until(lambda: len(listener.lines(broken)) == 2, "nothing is said of a mismatch")
    assert "KEY_VALUES_MISMATCH" in listener.lines(broken)[1]
    assert listener.shown() == first.serial
    (listener.folder / "cert.pem").unlink()
    _until(lambda: len(listener.lines(broken)) == 3, "nothing is said of a file that is gone")
    time.sleep(5)
    assert len(listener.lines(broken)) == 3, "one line for each change"
    assert listener.shown() == first.serial
    assert first.key.splitlines()[1].decode() not in listener.server.log.read_text()
    put(listener.folder, cert=renewed.cert, key=renewed.key)
    _until(lambda: listener.shown() == renewed.serial, "the mended pair is not shown")


def test_a_key_that_wants_a_password_is_not_asked_for_one(listener: Listener, first: Pair) -> None:
    locked = new_pair(password=b"canary-7Wq9")
    put(listener.folder, cert=locked.cert, key=locked.key)
    _until(
        lambda: bool(listener.lines("are no certificate and its unencrypted key")),
        "nothing is said of an encrypted key",
    )
    assert listener.shown() == first.serial


@pytest.mark.parametrize("count", [1, 2])
def test_a_hangup_signal_has_every_process_read_at_once(
    tmp_path: Path, first: Pair, count: int
) -> None:
    program = lowered(look_seconds=NEVER)
    with _listening(tmp_path, first, "--workers", str(count), program=program) as listener:
        with listener.dial() as old:
            renewed = new_pair()
            put(listener.folder, cert=renewed.cert, key=renewed.key)
            assert listener.shown() == first.serial
            listener.server.process.send_signal(signal.SIGHUP)
            _until(
                lambda: _is_alive(old) and len(listener.lines("is shown from now on")) == count,
                "the signal was not heard",
            )
            assert {listener.shown() for _ in range(10)} == {renewed.serial}
            assert _is_alive(old)
        assert listener.lines("estart") == []


def test_a_link_that_leads_elsewhere_is_a_change(tmp_path: Path, first: Pair) -> None:
    with _listening(tmp_path, first) as listener:
        renewed = new_pair()
        other = tmp_path / "renewed"
        other.mkdir()
        put(other, cert=renewed.cert, key=renewed.key)
        for name in ("cert.pem", "key.pem"):
            (tmp_path / "link").symlink_to(other / name)
            (tmp_path / "link").replace(tmp_path / name)
        _until(lambda: listener.shown() == renewed.serial, "the link is not followed")
