"""How a credential is presented: every dialect of the header, one at a time, and never in a URL."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, in_future, ok, problem, unknown_token
from tests.running import Answer, Server, running

if TYPE_CHECKING:
    from pathlib import Path

WHOAMI = f"{V1}/whoami"


@pytest.fixture(scope="module")
def issued(server: Server) -> tuple[str, str]:
    """A token and its credential's id."""
    text, record = server.token("folders:list")
    return text, record["id"]


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("Authorization", "Bearer {}"),
        ("Authorization", "bearer {}"),
        ("Authorization", "BEARER   {}"),
        ("Authorization", "Token {}"),
        ("Authorization", "tOKEN {}"),
        ("Authorization", "Token token={}"),
        ("Authorization", 'Token token="{}"'),
        ("Authorization", 'TOKEN Token = "{}"'),
        ("authorization", "Bearer {} "),
        ("X-API-Key", "{}"),
        ("x-api-key", " {} "),
        ("authtoken", "{}"),
        ("AuthToken", "{}"),
    ],
)
def test_f2_a_token_is_taken_in_every_dialect(
    server: Server, issued: tuple[str, str], header: str, form: str
) -> None:
    answer = server.call("GET", WHOAMI, token=None, headers={header: form.format(issued[0])})
    assert ok(answer)["credential"]["id"] == issued[1]


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("Authorization", "{}"),
        ("Authorization", "Digest {}"),
        ("Authorization", "Bearer"),
        ("Authorization", "Bearer {}x"),
        ("Authorization", 'Bearer "{}"'),
        ("Authorization", "Bearer {0}, Bearer {0}"),
        ("Authorization", "Token key={}"),
        ("Authorization", 'Token token="{}'),
        ("Authorization", "Token token={0} other=1"),
        ("Authorization", "Bearer token={}"),
        ("Authorization", "\u00dfearer {}"),
        ("X-API-Key", "Bearer {}"),
        ("X-API-Key", ""),
    ],
)
def test_what_only_looks_like_a_dialect_is_no_credential(
    server: Server, issued: tuple[str, str], header: str, form: str
) -> None:
    headers = {header: form.format(issued[0])}
    answer = server.call("GET", WHOAMI, token=None, headers=headers, source="127.0.8.2")
    assert problem(answer) == (401, "invalid_credential")
    assert issued[0] not in answer.body.decode()


@pytest.mark.parametrize("change", ["swap", "upper", "cut", "add", "check", "kind"])
def test_a_token_with_a_typing_error_is_nobodys(
    server: Server, issued: tuple[str, str], change: str
) -> None:
    text = issued[0]
    # Where two alike stand beside each other, swapping them changes nothing.
    at = next(n for n in range(30, len(text) - 1) if text[n] != text[n + 1])
    other = {
        "swap": text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        "upper": text.swapcase(),
        "cut": text[:-1],
        "add": text + "0",
        "check": text[:-1] + ("0" if text[-1] != "0" else "1"),
        "kind": "ksk" + text[3:],
    }[change]
    answer = server.call("GET", WHOAMI, token=other, source="127.0.8.3")
    assert problem(answer) == (401, "invalid_credential")


@pytest.mark.parametrize(
    "more",
    [
        {"X-API-Key": "{}"},
        {"authtoken": "{}"},
        {"X-API-Key": "other"},
        {"authtoken": ""},
    ],
)
def test_more_than_one_credential_in_a_request_is_refused(
    server: Server, issued: tuple[str, str], more: dict[str, str]
) -> None:
    headers = {name: value.format(issued[0]) for name, value in more.items()}
    answer = server.call("GET", WHOAMI, token=issued[0], headers=headers)
    assert problem(answer) == (400, "invalid_request")


def _exchange(server: Server, *lines: str) -> bytes:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 30) as connection:
        text = "".join(f"{line}\r\n" for line in (*lines, "Connection: close"))
        connection.sendall(text.encode("latin-1") + b"\r\n")
        found = b""
        while piece := connection.recv(65_536):
            found += piece
        return found


@pytest.mark.parametrize("host", ["a b", "a/b", "a?b", 'a"b'])
def test_a_host_that_cannot_be_one_is_refused(
    server: Server, issued: tuple[str, str], host: str
) -> None:
    header = f"Authorization: Bearer {issued[0]}"
    answered = _exchange(server, f"GET {WHOAMI} HTTP/1.1", f"Host: {host}", header)
    assert answered.startswith(b"HTTP/1.1 400")
    assert b'"code":"invalid_request"' in answered


def test_the_same_header_twice_is_refused(server: Server, issued: tuple[str, str]) -> None:
    header = f"Authorization: Bearer {issued[0]}"
    answered = _exchange(server, f"GET {WHOAMI} HTTP/1.1", "Host: a", header, header)
    assert answered.startswith(b"HTTP/1.1 400")
    assert b'"code":"invalid_request"' in answered


def test_a_folded_header_presents_nothing(server: Server, issued: tuple[str, str]) -> None:
    lines = ("Authorization: Bearer", f" {issued[0]}")
    answered = _exchange(server, f"GET {WHOAMI} HTTP/1.1", "Host: a", *lines)
    assert answered.split()[1] in {b"200", b"400", b"401"}
    assert b"Internal" not in answered


def test_bytes_that_are_no_utf8_in_headers_are_no_fault_of_ours(
    server: Server, issued: tuple[str, str]
) -> None:
    agent = {"User-Agent": "\xff\xfe", "Accept": "\xff"}
    assert server.call("GET", WHOAMI, token=issued[0], headers=agent).status == 200
    answer = server.call("GET", WHOAMI, token="\xff" * 65)
    assert problem(answer) == (401, "invalid_credential")


def test_a_cookie_of_somebody_elses_is_ignored(server: Server, issued: tuple[str, str]) -> None:
    cookie = {"Cookie": f"session={issued[0]}; token={issued[0]}"}
    alone = server.call("GET", WHOAMI, token=None, headers=cookie)
    assert problem(alone) == (401, "missing_credential")
    beside = server.call("GET", WHOAMI, token=issued[0], headers=cookie)
    assert ok(beside)["credential"]["id"] == issued[1]


@pytest.mark.parametrize("name", ["keystead_session", "__Host-keystead_session"])
def test_f5_a_sessions_cookie_alone_is_refused_with_a_hint(
    server: Server, issued: tuple[str, str], name: str
) -> None:
    cookie = {"Cookie": f"theme=dark; {name}={issued[0]}"}
    for method, path, body in (
        ("GET", WHOAMI, None),
        ("GET", f"{V1}/folders", None),
        ("POST", f"{V1}/folders", {"name": "x"}),
        ("GET", f"{V1}/folders?page_size=wrong", None),
    ):
        refused = server.call(method, path, body, token=None, headers=cookie)
        assert problem(refused) == (403, "cookie_auth_not_allowed")
        assert "Authorization" in refused.json()["detail"]
        assert issued[0] not in refused.body.decode()
    beside = server.call("GET", WHOAMI, token=issued[0], headers=cookie)
    assert ok(beside)["credential"]["id"] == issued[1]
    for header in ("X-API-Key", "authtoken"):
        headers = {**cookie, header: issued[0]}
        assert server.call("GET", WHOAMI, token=None, headers=headers).status == 200


def test_f4_a_token_in_a_sessions_cookie_is_no_session(
    server: Server, issued: tuple[str, str]
) -> None:
    cookie = {"Cookie": f"keystead_session={issued[0]}"}
    answer = server.call("GET", "/api/", token=None, headers=cookie)
    assert problem(answer) == (401, "invalid_credential")
    assert server.call("GET", "/openapi.json", token=None, headers=cookie).status == 200


@pytest.mark.parametrize(
    "query",
    [
        "token={}",
        "access_token={}",
        "authtoken={}",
        "api_key={}",
        "API_KEY={}",
        "q={}",
        "anything={}",
        "{}",
        "{}=1",
        "page_size=1&q={}",
    ],
)
def test_a_token_in_a_url_is_refused_and_entered_with_its_credential(
    server: Server, query: str
) -> None:
    text, record = server.token("folders:list")
    answer = server.call("GET", f"{V1}/folders?{query.format(text)}", token=None)
    assert problem(answer) == (400, "token_in_query")
    assert text[4:] not in answer.body.decode()
    (entry,) = _entries(server, f"credential={record['id']}")
    assert (entry["verb"], entry["decision"], entry["code"], entry["request_id"]) == (
        "token.exposed",
        "refused",
        "token_in_query",
        answer.json()["request_id"],
    )
    assert text not in str(entry)


def test_a_token_in_a_url_is_refused_beside_a_good_header(server: Server) -> None:
    text, _ = server.token("folders:list")
    answer = server.call("GET", f"{V1}/folders?token={text}")
    assert problem(answer) == (400, "token_in_query")


def test_an_unknown_token_in_a_url_is_entered_as_a_strangers(tmp_path: Path) -> None:
    source, url = "127.0.8.1", f"{V1}/folders?token={unknown_token()}"
    # Of all strangers of a shared server only so many are entered a minute.
    with running(tmp_path / "data") as server:
        answer = server.call("GET", url, token=None, source=source)
        assert problem(answer) == (400, "token_in_query")
        (entry,) = _entries(server, "verb=token.exposed")
    assert entry["request_id"] == answer.json()["request_id"]
    assert entry["actor"]["kind"] == "stranger"
    assert entry["address"] == source


def _entries(server: Server, filters: str) -> list[dict[str, Any]]:
    return list(ok(server.call("GET", f"{V1}/audit/events?{filters}"))["items"])


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"])
def test_no_header_says_where_a_caller_is(server: Server, header: str) -> None:
    text, _ = server.token("folders:list", networks=["192.0.2.7"], expires_at=in_future(days=1))
    claimed = {header: "for=192.0.2.7" if header == "Forwarded" else "192.0.2.7"}
    answer: Answer = server.call("GET", WHOAMI, token=text, headers=claimed)
    assert problem(answer) == (403, "network_denied")
    assert "192.0.2" not in answer.body.decode()
