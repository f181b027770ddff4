"""A path is found in one spelling alone; a method that it does not take, and a trick, lead nowhere."""

from __future__ import annotations

import socket

import pytest

from tests.doors.cast import V1, ok, path_of, problem
from tests.doors.raws import BODIES, head, head_at, raw, refused
from tests.running import Server

Place = tuple[str, str]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/folders", "/whoami", "/audit/export", "/self/revoke"])
def test_a_method_that_a_path_does_not_take_is_405(
    unwritten: Server, method: str, path: str
) -> None:
    answer = unwritten.call(method, V1 + path)
    assert answer.status == 405
    taken = set(answer.headers["allow"].split(", "))
    assert taken
    assert method not in taken


@pytest.mark.parametrize("method", ["LIST", "get", "BREW", "G\u00c9T"])
def test_a_method_that_is_none_is_refused(unwritten: Server, method: str) -> None:
    assert raw(unwritten, head(unwritten, method, "/folders")).status in {400, 405}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json"])
def test_an_open_path_is_read_and_nothing_else(server: Server, path: str) -> None:
    refused = server.call("POST", path, {})
    assert problem(refused) == (405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
        "/.well-known/jwks.json",
    ],
)
def test_the_head_of_what_is_open_is_read_without_its_body(server: Server, path: str) -> None:
    whole = server.call("GET", path, token=None)
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 30.0) as connection:
        asked = f"HEAD {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        connection.sendall(asked.encode())
        found = connection.makefile("rb").read().decode("latin-1")
    lines, rest = found.split("\r\n\r\n")
    assert rest == "", "no body"
    status, *named = lines.split("\r\n")
    assert status == "HTTP/1.1 200 OK"
    headers = dict(line.lower().split(": ", 1) for line in named)
    assert int(headers["content-length"]) == len(whole.body) > 0
    for name in ("content-type", "cache-control", "etag"):
        assert headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize(
    "path",
    ["/", "/api2", "/apiary", "/api/v2/whoami", "/API/v1/whoami", "/docs", "/schema", "/api/v1"],
)
def test_what_is_nowhere_is_404(server: Server, path: str) -> None:
    assert problem(server.call("GET", path)) == (404, "not_found")


@pytest.mark.parametrize(
    "trick",
    [
        "../{0}/{1}",
        "./{0}/{1}",
        "{0}/../{0}/{1}",
        "{0}/{1}/..",
        "%2e%2e/{0}/{1}",
        "%2e%2e%2f{0}/{1}",
        "..%5c{0}/{1}",
        "{0}%5c{1}",
        "{0}/{1};x=1",
        "{0};/{1}",
        "{0}/{1}%00",
        "{0}%00/{1}",
        "{0}/{1}%ff",
        "%c0%ae%c0%ae/{0}/{1}",
        "{0}/{1}/x",
        "{1}/{0}",
        "{0}",
        "{0}/%2e",
        "{0}%252f{1}",
        "%EF%BC%8F{0}/{1}",
        "{0}%EF%BC%8F{1}",
        "{0}/{1}%E2%80%8B",
        "a/" * 40 + "{1}",
        "{0}/" + "a" * 5000,
    ],
)
def test_a_path_trick_leads_nowhere(unwritten: Server, place: Place, trick: str) -> None:
    path = trick.format(*place)
    answer = raw(unwritten, head(unwritten, "GET", f"/secrets/{path}"))
    assert answer.status in {400, 404}
    assert b"pass-word" not in answer.body


@pytest.mark.parametrize(
    "trick",
    [
        "{0}//{1}",
        "/{0}/{1}",
        "{0}/{1}/",
        "{0}/{1}//",
        "{0}%2f{1}",
        "{0}%2F{1}",
        "{0}/{1}%2F",
        "%2F{0}/{1}",
        "{0}/./{1}",
        "{0}/%2e/{1}",
        "{0}/x/../{1}",
        "{0}/x/%2E%2E/{1}",
        "{0}/x/%2e./{1}",
        "x/..%2F{0}/{1}",
        "{0}/{1}/.",
    ],
)
def test_a_path_is_found_in_one_spelling_alone(unwritten: Server, place: Place, trick: str) -> None:
    path = trick.format(*place)
    answer = raw(unwritten, head(unwritten, "GET", f"/secrets/{path}"))
    assert problem(answer) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/whoami",
        "/api//v1/whoami",
        "/api/v1//whoami",
        "/api/v1/whoami/",
        "/api/v1/whoami//",
        "/api%2Fv1/whoami",
        "/api/v1%2fwhoami",
        "/api/v1/whoami%2F",
        "/%2Fapi/v1/whoami",
        "/./api/v1/whoami",
        "/api/./v1/whoami",
        "/x/../api/v1/whoami",
        "/api/v1/x/../whoami",
        "/api/v1/x/%2e%2e/whoami",
        "/api/v1/%2E/whoami",
        "/api",
        "/api//",
        "/api/.",
        "/healthz/",
        "//healthz",
        "/healthz%2F",
        "/readyz/",
        "/x/../readyz",
        "/openapi.json/",
        "//openapi.json",
    ],
)
def test_only_the_root_has_a_closing_slash_and_no_path_is_mended(
    unwritten: Server, path: str
) -> None:
    answer = raw(unwritten, head_at(unwritten, "GET", path))
    assert problem(answer) == (404, "not_found")
    assert raw(unwritten, head_at(unwritten, "POST", path)).status == 404


def test_a_quoted_letter_is_the_letter(server: Server) -> None:
    assert ok(raw(server, head_at(server, "GET", "/%61pi/v1/who%61mi")))
    assert ok(raw(server, head_at(server, "GET", "/api/")))["version"] == "v1"


@pytest.mark.parametrize("path", ["http://keystead/api/v1/whoami", "http://elsewhere/api/"])
def test_a_whole_url_in_the_request_line_is_its_path(server: Server, path: str) -> None:
    assert ok(raw(server, head_at(server, "GET", path)))


def test_a_control_character_does_not_hide_in_a_path(server: Server, place: Place) -> None:
    for trick in ("{0}/{1}%0a", "{0}/{1}%00", "{0}%09/{1}"):
        path = f"{V1}/secrets/{trick.format(*place)}"
        assert problem(server.call("GET", path)) == (404, "not_found")


@pytest.fixture(scope="module")
def place(server: Server) -> Place:
    """The quoted names of a folder and of an account in it."""
    folder = server.folder()
    return path_of(folder["name"]), path_of(server.account(folder["id"])["name"])


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "a\nb", "a\x7fb", "a\u200bb", "a\u202eb", " "])
@pytest.mark.parametrize("path", BODIES)
def test_a_name_of_what_cannot_be_seen_is_refused(unwritten: Server, path: str, name: str) -> None:
    answer = unwritten.call("POST", V1 + path, {"name": name})
    assert problem(answer) == (400, "invalid_request")
    assert "name" in {error["field"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("name", [".", "..", "a/b", "/", "\uff0f", "\u2024\u2024", "a\uff0fb"])
def test_a_name_that_would_break_a_path_is_refused(unwritten: Server, name: str) -> None:
    refused(unwritten.call("POST", f"{V1}/folders", {"name": name}), "name")
