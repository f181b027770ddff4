"""What a connection may cost before anybody is asked who it is: seconds for a head, and their number."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doors.lowered import lowered
from tests.running import KEYSTEAD, Server, installed, start

HEAD_SECONDS = 1.0
MOST = 10
PATIENCE = 15.0


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for the head of a request no longer than a second."""
    data = tmp_path_factory.mktemp("hasty") / "data"
    yield from _served(data, lowered(head_seconds=HEAD_SECONDS))


@pytest.fixture
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with room for ten connections."""
    yield from _served(tmp_path_factory.mktemp("narrow") / "data", lowered(most=MOST))


def _served(data: Path, program: tuple[str, ...]) -> Iterator[Server]:
    server = start(data, installed(data), program=program)
    try:
        yield server
    finally:
        server.stop()


def dial(server: Server) -> socket.socket:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), PATIENCE)


def rest_of(connection: socket.socket) -> bytes:
    """Read until the server hangs up."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            found += piece
    return found


ALIVE = b"GET /healthz HTTP/1.1\r\nHost: keystead\r\n\r\n"


def is_alive(connection: socket.socket) -> bool:
    """Ask on a connection, and read the whole answer."""
    connection.sendall(ALIVE)
    found = b""
    while not found.endswith(b'{"status":"alive"}'):
        piece = connection.recv(65_536)
        if not piece:
            return False
        found += piece
    return found.startswith(b"HTTP/1.1 200 ")


# Seconds for a head


def test_a_connection_that_says_nothing_is_closed(hasty: Server) -> None:
    began = time.monotonic()
    with dial(hasty) as connection:
        assert rest_of(connection) == b""
    assert HEAD_SECONDS * 0.9 < time.monotonic() - began < PATIENCE


@pytest.mark.parametrize("served_before", [False, True], ids=["the first", "a later one"])
def test_a_head_that_comes_by_drops_is_cut_off(hasty: Server, *, served_before: bool) -> None:
    with dial(hasty) as connection:
        if served_before:
            assert is_alive(connection)
        began = time.monotonic()
        connection.settimeout(0.1)
        found = b""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: keystead\r\nX-Drops: ")
            while time.monotonic() - began < PATIENCE and not found:
                connection.sendall(b"a")
                with contextlib.suppress(TimeoutError):
                    found = connection.recv(65_536)
        took = time.monotonic() - began
        connection.settimeout(PATIENCE)
        found += rest_of(connection)
    assert HEAD_SECONDS * 0.9 < took < PATIENCE
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in found
    assert b"\r\nconnection: close\r\n" in found


def test_the_seconds_are_counted_for_each_request_alone(hasty: Server) -> None:
    with dial(hasty) as connection:
        for _ in range(3):
            assert is_alive(connection)
            time.sleep(HEAD_SECONDS * 0.7)
        assert is_alive(connection)


def test_half_a_head_in_time_is_waited_for(hasty: Server) -> None:
    with dial(hasty) as connection:
        connection.sendall(ALIVE[:20])
        time.sleep(HEAD_SECONDS * 0.5)
        connection.sendall(ALIVE[20:])
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


# How many connections there are


def test_one_connection_too_many_is_told_so_and_the_others_are_served(narrow: Server) -> None:
    with ExitStack() as held:
        others = [held.enter_context(dial(narrow)) for _ in range(MOST)]
        assert all(is_alive(connection) for connection in others)
        with dial(narrow) as late:
            late.sendall(ALIVE)
            answer = rest_of(late)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"busy"' in answer
        assert b"\r\nretry-after: 1\r\n" in answer
        assert is_alive(others[0])
    assert _answers_again(narrow)


def test_whoever_comes_far_beyond_the_bound_is_not_even_told(narrow: Server) -> None:
    with ExitStack() as held:
        for _ in range(MOST * 11 // 10):
            held.enter_context(dial(narrow))
        with dial(narrow) as beyond:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                beyond.sendall(ALIVE)
            assert rest_of(beyond) == b""
    assert _answers_again(narrow)


def _answers_again(server: Server) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.call("GET", "/healthz", token=None).status == 200:
            return True
        time.sleep(0.05)
    return False


def _limited(tmp_path: Path, limit: str) -> Server:
    """Start a server from a shell that lets a process open few files."""
    shell = ("sh", "-c", f'ulimit {limit} && exec "$0" "$@"', KEYSTEAD)
    data = tmp_path / "data"
    return start(data, installed(data), program=shell)


def test_as_many_files_as_the_account_may_open_are_open_to_connections(tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3000:
        pytest.skip("this account may not open 3000 files in a process")
    server = _limited(tmp_path, "-S -n 64")
    try:
        with ExitStack() as held:
            assert all(is_alive(held.enter_context(dial(server))) for _ in range(100))
        assert "files" not in server.log.read_text()
    finally:
        server.stop()


def test_an_account_that_may_open_too_few_files_is_said_so(tmp_path: Path) -> None:
    server = _limited(tmp_path, "-n 300")
    try:
        (line,) = [one for one in server.log.read_text().splitlines() if "files" in one]
        assert "WARNING" in line
        assert "may open 300 files" in line
        assert "2000 connections need 2400" in line
    finally:
        server.stop()
