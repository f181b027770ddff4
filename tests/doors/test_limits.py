"""Each field at its limit passes, and one over it fails, by name."""

from __future__ import annotations

import contextlib
import socket
from typing import Any, Final

import pytest

from tests.doors.cast import V1, ok, path_of, problem
from tests.running import Answer, Server


def _credential(server: Server, **more: object) -> Answer:
    wanted = {
        "kind": "api_token",
        "name": server.unique("token"),
        "scopes": ["folders:list"],
        "expires_at": None,
        **more,
    }
    return server.call("POST", f"{V1}/credentials", wanted)


def _owner(server: Server, **more: object) -> Answer:
    name = server.unique("owner")
    wanted = {"kind": "user", "name": name, "login": name, **more}
    return server.call("POST", f"{V1}/owners", wanted)


def _folder(server: Server, **more: object) -> Answer:
    return server.call("POST", f"{V1}/folders", {"name": server.unique("folder"), **more})


def _account(server: Server, **more: object) -> Answer:
    wanted = {
        "folder_id": server.folder()["id"],
        "name": server.unique("account"),
        "fields": {"password": "p"},
        **more,
    }
    return server.call("POST", f"{V1}/accounts", wanted)


MAKERS: Final = {
    "credential": _credential,
    "owner": _owner,
    "folder": _folder,
    "account": _account,
}


def _text(length: int, server: Server) -> str:
    """Return a name of its own with so many characters, each of them four bytes in UTF-8."""
    stem = server.unique("n")
    return stem + "\N{MATHEMATICAL SCRIPT CAPITAL X}" * (length - len(stem))


@pytest.mark.parametrize(
    ("noun", "field", "limit"),
    [
        ("credential", "name", 255),
        ("owner", "name", 255),
        ("owner", "login", 255),
        ("folder", "name", 255),
        ("account", "name", 255),
        ("credential", "description", 1000),
        ("account", "username", 255),
        ("account", "target", 1000),
        ("account", "type", 64),
        ("account", "notes", 10_000),
    ],
)
def test_a_text_at_its_limit_passes_and_one_character_more_fails(
    server: Server, noun: str, field: str, limit: int
) -> None:
    make = MAKERS[noun]
    exact = _text(limit, server)
    made = ok(make(server, **{field: exact}), 201)
    assert made.get("credential", made)[field] == exact
    over = make(server, **{field: _text(limit + 1, server)})
    assert problem(over) == (400, "invalid_request")
    assert [error["field"] for error in over.json()["errors"]] == [field]


def _numbered(count: int, length: int = 4) -> list[str]:
    return [f"{i:0{length}}" for i in range(count)]


def _metadata(count: int, key: int = 4, value: int = 1) -> dict[str, str]:
    return dict.fromkeys(_numbered(count, key), "v" * value)


def _networks(count: int) -> list[str]:
    return [f"10.0.0.{i}" for i in range(count)]


@pytest.mark.parametrize(
    ("noun", "within", "over", "field"),
    [
        ("credential", {"networks": _networks(10)}, {"networks": _networks(11)}, "networks"),
        (
            "credential",
            {"networks": _networks(10) * 10},
            {"networks": _networks(10) * 10 + ["10.0.0.1"]},
            "networks",
        ),
        ("credential", {"metadata": _metadata(50)}, {"metadata": _metadata(51)}, "metadata"),
        ("credential", {"metadata": _metadata(1, 64)}, {"metadata": _metadata(1, 65)}, "metadata"),
        (
            "credential",
            {"metadata": _metadata(1, value=500)},
            {"metadata": _metadata(1, value=501)},
            "metadata.0000",
        ),
        (
            "owner",
            {"email": "a" * 242 + "@example.com"},
            {"email": "a" * 243 + "@example.com"},
            "email",
        ),
        ("account", {"tags": _numbered(50)}, {"tags": _numbered(51)}, "tags"),
        ("account", {"tags": _numbered(1, 64)}, {"tags": _numbered(1, 65)}, "tags[0]"),
        (
            "account",
            {"fields": dict.fromkeys(_numbered(32), "v")},
            {"fields": dict.fromkeys(_numbered(33), "v")},
            "fields",
        ),
        (
            "account",
            {"fields": dict.fromkeys(_numbered(1, 64), "v")},
            {"fields": dict.fromkeys(_numbered(1, 65), "v")},
            "fields",
        ),
        (
            "account",
            {"fields": {"password": "é" * 32_768}},
            {"fields": {"password": "é" * 32_768 + "e"}},
            "fields.password",
        ),
        (
            "folder",
            {"grants": []},
            {"grants": [{"owner_id": "x", "right": "user"}] * 201},
            "grants",
        ),
    ],
)
def test_a_collection_at_its_limit_passes_and_one_more_fails(
    server: Server, noun: str, within: dict[str, Any], over: dict[str, Any], field: str
) -> None:
    make = MAKERS[noun]
    ok(make(server, **within), 201)
    refused = make(server, **over)
    assert problem(refused) == (400, "invalid_request")
    assert field in {error["field"] for error in refused.json()["errors"]}


def test_a_grant_needs_an_owner_that_exists_and_stands_once(server: Server) -> None:
    admin = ok(server.call("GET", f"{V1}/whoami"))["owner"]["id"]
    unknown = {"owner_id": "own_000000000000", "right": "user"}
    once = {"owner_id": admin, "right": "user"}
    assert problem(_folder(server, grants=[unknown])) == (400, "invalid_request")
    assert problem(_folder(server, grants=[once, once])) == (400, "invalid_request")
    assert _folder(server, grants=[once]).status == 201


def test_folders_nest_thirty_two_deep_and_no_deeper(server: Server) -> None:
    parent = server.folder()
    names = [parent["name"]]
    for depth in range(31):
        parent = server.folder(name=f"depth {depth}", parent_id=parent["id"])
        names.append(parent["name"])
    refused = _folder(server, parent_id=parent["id"])
    assert [error["field"] for error in refused.json()["errors"]] == ["parent_id"]
    account = server.account(parent["id"])
    path = path_of(*names, account["name"])
    assert ok(server.call("GET", f"{V1}/secrets/{path}"))["account_id"] == account["id"]


def test_an_overlap_of_seven_days_passes_and_a_second_more_fails(server: Server) -> None:
    _, record = server.token("folders:list")
    path = f"{V1}/credentials/{record['id']}/rotate"
    for seconds in (604_801, -1, 1.5, "60", None):
        refused = server.call("POST", path, {"overlap_seconds": seconds})
        assert [error["field"] for error in refused.json()["errors"]] == ["overlap_seconds"]
    ok(server.call("POST", path, {"overlap_seconds": 604_800}))


@pytest.mark.parametrize("version", ["0", "-1", "9" * 400, str(2**53 + 1), "x", "1.5"])
def test_a_version_that_cannot_be_is_refused(server: Server, version: str) -> None:
    account = server.account(server.folder()["id"])
    answer = server.call("GET", f"{V1}/accounts/{account['id']}/secret?version={version}")
    assert problem(answer) == (400, "invalid_request")


@pytest.mark.parametrize("cas", [-1, 1.5, "1", 2**53 + 1, 10**400, True])
def test_a_check_that_cannot_be_is_refused(server: Server, cas: object) -> None:
    account = server.account(server.folder()["id"])
    body = {"fields": {"password": "new"}, "cas": cas}
    answer = server.call("PUT", f"{V1}/accounts/{account['id']}/secret", body)
    assert problem(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Long": "a" * 70_000},
        {"X-Long": "a" * 2_000_000},
        {f"X-{i}": "a" * 1000 for i in range(80)},
    ],
    ids=["a long header", "a header like a book", "many headers"],
)
def test_a_head_longer_than_anybody_sends_is_refused(
    server: Server, headers: dict[str, str]
) -> None:
    answer = raw(server, "GET", f"{V1}/whoami", headers)
    # Where the rest is still on its way, the closed connection may swallow the answer.
    assert answer[:12] in {b"HTTP/1.1 431", b""}
    assert server.call("GET", f"{V1}/whoami", headers={"X-Long": "a" * 30_000}).status == 200


def test_a_path_longer_than_anybody_sends_is_refused(server: Server) -> None:
    answer = raw(server, "GET", f"{V1}/folders/{'a' * 70_000}", {})
    assert answer[:12] in {b"HTTP/1.1 431", b""}


def test_many_requests_on_one_connection_are_each_counted_alone(server: Server) -> None:
    one = (
        f"GET {V1}/whoami HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.admin_token}\r\n"
        f"X-Long: {'a' * 20_000}\r\n"
    )
    last = f"{one}Connection: close\r\n\r\n"
    assert exchange(server, (f"{one}\r\n" * 9 + last).encode()).count(b"HTTP/1.1 200") == 10


def raw(server: Server, method: str, path: str, headers: dict[str, str]) -> bytes:
    """Send a request by hand; return what came back, also where the peer hung up early."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    text = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}\r\n"
    return exchange(server, text.encode())


def exchange(server: Server, sent: bytes) -> bytes:
    """Send bytes while reading what comes back."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    found = b""
    with socket.create_connection((host, int(port)), 30) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                found += piece
    return found


def test_an_agent_is_kept_as_far_as_it_can_be_read(server: Server) -> None:
    token, record = server.token("audit:read")
    agent = {"User-Agent": "\xa0" + "a" * 400}
    assert server.call("GET", f"{V1}/audit/verify", token=token, headers=agent).status == 200
    (found,) = ok(server.call("GET", f"{V1}/audit/events?credential={record['id']}"))["items"]
    assert found["agent"] == "?" + "a" * 199
