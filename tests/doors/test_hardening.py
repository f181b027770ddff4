"""What a stranger, or a careless friend, may try with the HTTP door itself."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from typing import Any, Final

import pytest

from tests.doors.cast import V1, ok, problem, unknown_token
from tests.running import Server

JSON: Final = {"Content-Type": "application/json"}
WHOAMI: Final = f"{V1}/whoami"


def dial(server: Server, source: str = "127.0.0.1") -> socket.socket:
    """Open a connection."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), 10, (source, 0))


def head(method: str, path: str, *headers: str) -> bytes:
    """Return a request's head."""
    lines = (f"{method} {path} HTTP/1.1", "Host: keystead", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n"


def rest_of(connection: socket.socket) -> bytes:
    """Read until the server hangs up."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            found += piece
    return found


def exchange(server: Server, *pieces: bytes) -> bytes:
    """Send bytes as they are, and return all that comes back until the server hangs up."""
    with dial(server) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                connection.sendall(piece)
        return rest_of(connection)


def bearer(server: Server) -> str:
    """Return the administrator's header."""
    return f"Authorization: Bearer {server.admin_token}"


def entries(server: Server, query: str) -> list[dict[str, Any]]:
    """Return audit entries."""
    return list(ok(server.call("GET", f"{V1}/audit/events?{query}"))["items"])


# Before anybody is asked who he is


@pytest.mark.parametrize(
    "token", ["", None, "unknown"], ids=["administrator", "nobody", "stranger"]
)
def test_a_hostile_megabyte_keeps_nobody_waiting(server: Server, token: str | None) -> None:
    body = b'{"name": "' + b'\\"[' * 300_000
    presented = unknown_token() if token == "unknown" else token
    began = time.monotonic()
    answer = server.call("POST", f"{V1}/folders", raw=body, headers=JSON, token=presented)
    assert problem(answer)[0] == (400 if token == "" else 401)
    assert time.monotonic() - began < 2


def test_a_strangers_body_is_not_awaited(server: Server) -> None:
    with dial(server) as connection:
        connection.sendall(head("POST", f"{V1}/folders", "Content-Length: 1000000"))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401")


def test_a_strangers_body_that_never_ends_is_cut_off(server: Server) -> None:
    began = head("POST", f"{V1}/folders", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with dial(server) as connection:
        connection.sendall(began)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(chunk * 400)


@pytest.mark.parametrize(
    "request_",
    [
        head("GET", WHOAMI, f"X-Long: {'a' * 33_000}"),
        head("GET", f"{V1}/{'a' * 33_000}"),
        head("GET", WHOAMI, *(f"X-{n}: 1" for n in range(101))),
        head("GET", WHOAMI, *(f"X-{n}: {'a' * 1000}" for n in range(40))),
        b"GET /" + b"a" * 40_000,
        b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 40_000,
    ],
    ids=["header", "path", "many headers", "together", "endless path", "endless header"],
)
def test_a_head_beyond_its_bounds_is_refused(server: Server, request_: bytes) -> None:
    answer = exchange(server, request_)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"headers_too_large"' in answer
    assert b"\r\nconnection: close\r\n" in answer


def test_a_head_within_its_bounds_is_served(server: Server) -> None:
    long = head("GET", WHOAMI, bearer(server), f"X-Long: {'a' * 32_000}", "Connection: close")
    assert exchange(server, long).startswith(b"HTTP/1.1 200 ")
    many = (f"X-{n}: 1" for n in range(97))
    assert exchange(
        server, head("GET", WHOAMI, bearer(server), *many, "Connection: close")
    ).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_header_that_follows_the_body_presents_nothing(server: Server, method: str) -> None:
    path = WHOAMI if method == "GET" else f"{V1}/self/rotate"
    body = f"0\r\n{bearer(server)}\r\n\r\n".encode()
    began = head(method, path, "Transfer-Encoding: chunked")
    answer = exchange(server, began + body)
    assert answer.startswith(b"HTTP/1.1 400 ")
    with dial(server) as connection:
        connection.sendall(began)
        time.sleep(0.1)
        connection.sendall(body)
        late = rest_of(connection)
    assert late.split()[1] in {b"400", b"401"}
    assert b"HTTP/1.1 200" not in late


@pytest.mark.parametrize(
    "body", [("Content-Length: 2", b"{}"), ("Transfer-Encoding: chunked", b"0\r\n\r\n")]
)
def test_a_get_with_a_body_is_refused(server: Server, body: tuple[str, bytes]) -> None:
    sent = head("GET", WHOAMI, bearer(server), "Connection: close", body[0]) + body[1]
    answer = exchange(server, sent)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"takes no body" in answer
    assert ok(server.call("GET", WHOAMI, headers={"Content-Length": "0"}))


def test_a_delete_with_a_body_is_refused(server: Server) -> None:
    folder = server.folder()
    answer = server.call("DELETE", f"{V1}/folders/{folder['id']}", {"recursive": True})
    assert problem(answer) == (400, "invalid_request")
    assert ok(server.call("GET", f"{V1}/folders/{folder['id']}"))


def test_what_is_no_request_writes_nothing_into_the_log(server: Server) -> None:
    before = server.log.stat().st_size
    for _ in range(5):
        assert exchange(server, b"\x16\x03\x01\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        upgrade = ("Connection: Upgrade", "Upgrade: websocket", bearer(server))
        assert exchange(server, head("GET", WHOAMI, *upgrade)).startswith(b"HTTP/1.1 200 ")
        exchange(server, head("GET", WHOAMI, "Transfer-Encoding: chunked"), b"zz\r\n")
        exchange(server, head("CONNECT", "example.com:443"))
    assert server.log.read_bytes()[before:] == b""


def test_an_upgrade_that_is_not_spoken_is_answered_as_http(server: Server) -> None:
    sent = head(
        "GET", WHOAMI, bearer(server), "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"
    )
    assert exchange(server, sent).startswith(b"HTTP/1.1 200 ")


# Fields


def test_a_hundred_wrong_fields_are_named_and_no_more(server: Server) -> None:
    body = {f"x{n}": 1 for n in range(5000)}
    answer = server.call("POST", f"{V1}/folders", body)
    assert problem(answer) == (400, "invalid_request")
    assert len(answer.json()["errors"]) == 100


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("credentials", "scopes", ["folders:list"] * 201),
        ("credentials", "access", [{"api": "keystead"}] * 51),
        ("credentials", "levels", {f"r{n}": "read" for n in range(201)}),
        ("credentials", "metadata", {f"k{n}": "v" for n in range(51)}),
        ("owners", "roles", ["user"] * 20),
        ("accounts", "tags", [f"t{n}" for n in range(51)]),
        ("accounts", "fields", {f"f{n}": "v" for n in range(33)}),
        ("folders", "grants", [{"owner_id": f"o{n}", "right": "user"} for n in range(201)]),
    ],
)
def test_a_list_longer_than_its_bound_is_one_wrong_field(
    server: Server, path: str, field: str, value: object
) -> None:
    answer = server.call("POST", f"{V1}/{path}", {field: value})
    assert problem(answer) == (400, "invalid_request")
    named = [error["field"] for error in answer.json()["errors"]]
    assert named.count(field) == 1
    assert not [each for each in named if each.startswith(f"{field}[")]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"name": "a", "name": "b"}', "name"),
        (
            b'{"name": "a", "grants": [{"owner_id": "x", "right": "user", "right": "manager"}]}',
            "right",
        ),
    ],
)
def test_a_field_that_stands_twice_is_refused_by_name(
    server: Server, body: bytes, name: str
) -> None:
    answer = server.call("POST", f"{V1}/folders", raw=body, headers=JSON)
    assert problem(answer) == (400, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == [name]


# Tokens where they do not belong (Law 6)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{V1}/accounts/{{}}/secret"),
        ("GET", f"{V1}/accounts/{{}}"),
        ("GET", f"{V1}/secrets/ops/{{}}"),
        ("GET", f"{V1}/secrets/ops/x{{}}y"),
        ("DELETE", f"{V1}/folders/{{}}"),
        ("GET", f"{V1}/{{}}"),
        ("GET", "/api/{}/nowhere"),
        ("PUT", f"{V1}/folders/{{}}"),
        ("GET", f"{V1}/folders?q=Bearer%20{{}}"),
        ("GET", "/healthz?token={}"),
        ("GET", "/openapi.json?{}"),
    ],
)
def test_a_token_anywhere_in_a_url_is_refused_and_entered(
    server: Server, method: str, path: str
) -> None:
    text, record = server.token("folders:list")
    answer = server.call(method, path.format(text))
    assert problem(answer) == (400, "token_in_query")
    assert text[16:] not in answer.body.decode()
    (entry,) = entries(server, f"credential={record['id']}")
    assert (entry["verb"], entry["code"]) == ("token.exposed", "token_in_query")
    assert text[16:] not in json.dumps(entries(server, "page_size=20"))


def test_a_token_in_the_agents_name_is_kept_as_its_public_id(server: Server) -> None:
    text, record = server.token("folders:list", "audit:read")
    agents = (f"curl {text}", "a" * 150 + text, f"{text}{text}")
    for agent in agents:
        headers = {"User-Agent": agent}
        ok(server.call("GET", f"{V1}/audit/events?page_size=1", token=text, headers=headers))
    kept = [entry["agent"] for entry in entries(server, f"credential={record['id']}&page_size=3")]
    assert all(record["public_id"] in agent for agent in kept)
    assert all(text[16:30] not in agent for agent in kept)
    deadline = time.monotonic() + 10
    used = None
    while time.monotonic() < deadline:
        used = ok(server.call("GET", f"{V1}/credentials/{record['id']}"))["last_used"]
        if used is not None and used["uses"] == 3:
            break
        time.sleep(0.2)
    assert used is not None
    assert text[16:30] not in json.dumps(used)


# Time
