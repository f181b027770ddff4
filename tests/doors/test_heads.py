"""A head that says two things, or too little, is refused before any route; what follows is no request."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Final

import pytest

from tests.doors.cast import V1, ok
from tests.running import Server

WHOAMI: Final = f"{V1}/whoami"
PATHS: Final = (
    ("GET", "/healthz"),
    ("GET", "/openapi.json"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/nowhere"),
    ("GET", WHOAMI),
    ("POST", f"{V1}/folders"),
    ("POST", "/oauth/token"),
)
CHUNKED: Final = ("Transfer-Encoding: chunked",)


def exchange(server: Server, sent: bytes) -> bytes:
    """Send bytes as they are, and return all that comes back until the server hangs up."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    found = b""
    with socket.create_connection((host, int(port)), 10) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                found += piece
    return found


def request(line: str, *headers: str) -> bytes:
    return "".join(f"{one}\r\n" for one in (line, *headers, "")).encode("latin-1")


def bearer(server: Server) -> str:
    return f"Authorization: Bearer {server.admin_token}"


def refused(answer: bytes, status: int, code: str) -> None:
    """Check that this is the one answer, and that it says the connection is over."""
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    assert b"\r\nconnection: close" in head
    found = json.loads(body)
    assert (found["status"], found["code"]) == (status, code)


# Whose request it is


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("Host: keystead", "Host: keystead"),
        ("Host: keystead", "host: elsewhere"),
        ("Host: keystead, elsewhere/x",),
        ("Host: a b",),
    ],
    ids=["none", "twice", "two", "a list", "no host"],
)
def test_a_request_has_one_host(
    server: Server, method: str, path: str, hosts: tuple[str, ...]
) -> None:
    line = f"{method} {path} HTTP/1.1"
    refused(exchange(server, request(line, *hosts, bearer(server))), 400, "invalid_request")


def test_a_whole_url_in_the_request_line_is_no_host_header(server: Server) -> None:
    line = f"GET http://keystead{WHOAMI} HTTP/1.1"
    refused(exchange(server, request(line, bearer(server))), 400, "invalid_request")


def test_http_1_0_has_a_host_or_none_but_not_two(server: Server) -> None:
    line = f"GET {WHOAMI} HTTP/1.0"
    assert exchange(server, request(line, bearer(server))).startswith(b"HTTP/1.1 200 ")
    one = request(line, "Host: keystead", bearer(server))
    assert exchange(server, one).startswith(b"HTTP/1.1 200 ")
    two = request(line, "Host: keystead", "Host: keystead", bearer(server))
    refused(exchange(server, two), 400, "invalid_request")


@pytest.mark.parametrize("host", ["", "keystead:8780", "[::1]:8780", "a_b.example", "xn--a%2Db"])
def test_a_host_is_any_that_can_be_one(server: Server, host: str) -> None:
    sent = request(f"GET {WHOAMI} HTTP/1.1", f"Host: {host}", bearer(server), "Connection: close")
    assert exchange(server, sent).startswith(b"HTTP/1.1 200 ")


# How long it is


@pytest.mark.parametrize(
    ("codings", "status"),
    [
        (("Transfer-Encoding: identity, chunked",), 501),
        (("Transfer-Encoding: gzip, chunked",), 501),
        (("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), 501),
        (("Transfer-Encoding: identity", "Transfer-Encoding: chunked"), 501),
        (("Transfer-Encoding: ,chunked",), 501),
        (("Transfer-Encoding: chunked, identity",), 400),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), 400),
        (("Transfer-Encoding: chunked, chunked",), 400),
        (CHUNKED * 2, 400),
        (("Transfer-Encoding: identity",), 400),
        (("Transfer-Encoding: xchunked",), 400),
        (("Transfer-Encoding: chunked;q=1",), 400),
        (("Transfer-Encoding: chunked\t",), 400),
        (("Transfer-Encoding: \x0bchunked",), 400),
        (("Transfer-Encoding : chunked",), 400),
        (("Transfer-Encoding: gzip,\r\n chunked",), 400),
        (("Transfer-Encoding:",), 400),
        ((*CHUNKED, "Content-Length: 5"), 400),
        (("Content-Length: 5", *CHUNKED), 400),
        (("Content-Length: 0", "Transfer-Encoding: identity"), 400),
        (("Content-Length: 0", "Content-Length: 5"), 400),
        (("Content-Length: 5, 5",), 400),
        (("Content-Length: +5",), 400),
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [f"{V1}/folders", "/oauth/token"])
def test_a_length_in_two_meanings_hides_no_request(
    server: Server, path: str, codings: tuple[str, ...], status: int
) -> None:
    name = server.unique("smuggled")
    body = json.dumps({"name": name}).encode()
    hidden = request(
        f"POST {V1}/folders HTTP/1.1",
        *("Host: keystead", bearer(server), "Content-Type: application/json"),
        f"Content-Length: {len(body)}",
    )
    first = request(f"POST {path} HTTP/1.1", "Host: keystead", bearer(server), *codings)
    answer = exchange(server, first + b"0\r\n\r\n" + hidden + body)
    refused(answer, status, "invalid_request" if status == 400 else "unsupported_coding")
    assert not ok(server.call("GET", f"{V1}/folders?q={name.replace(' ', '%20')}"))["items"]


def test_a_request_whose_length_is_refused_is_not_begun(server: Server) -> None:
    _, record = server.token("folders:list")
    for codings in ("identity", "xchunked", "gzip, chunked", "chunked\t", "chunked, chunked"):
        sent = request(
            f"POST {V1}/credentials/{record['id']}/revoke HTTP/1.1",
            *("Host: keystead", bearer(server), f"Transfer-Encoding: {codings}"),
        )
        assert exchange(server, sent + b"0\r\n\r\n").split()[1] in {b"400", b"501"}
    assert ok(server.call("GET", f"{V1}/credentials/{record['id']}"))["state"] == "active"


def test_http_1_0_has_no_codings(server: Server) -> None:
    sent = request(f"POST {V1}/folders HTTP/1.0", "Host: keystead", bearer(server), *CHUNKED)
    refused(exchange(server, sent + b"0\r\n\r\n"), 400, "invalid_request")


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "CHUNKED "])
def test_a_body_in_chunks_is_read(server: Server, coding: str) -> None:
    body = json.dumps({"name": server.unique("chunked")}).encode()
    sent = request(
        f"POST {V1}/folders HTTP/1.1",
        *("Host: keystead", bearer(server), "Content-Type: application/json"),
        *(f"Transfer-Encoding: {coding}", "Connection: close"),
    )
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    assert exchange(server, sent + chunks).startswith(b"HTTP/1.1 201 ")


def test_a_refusal_in_a_row_of_requests_ends_the_row(server: Server) -> None:
    good = request("GET /healthz HTTP/1.1", "Host: keystead")
    bad = request("GET /healthz HTTP/1.1")
    answer = exchange(server, bad + good + good)
    refused(answer, 400, "invalid_request")
