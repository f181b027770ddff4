"""Bad input is refused with a clear word, never with a 500, and nothing of it is written."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Final

import pytest

from tests.doors.cast import V1, ok, problem
from tests.doors.raws import BODIES, CANARY, head, raw, refused
from tests.running import Server

JSON: Final = {"Content-Type": "application/json"}


def cursor(*parts: object) -> str:
    """Forge a page token."""
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("field", "instant"),
    [
        ("expires_at", "9999-12-31T23:59:59-01:00"),
        ("not_before", "0001-01-01T00:00:00+14:00"),
        ("expires_at", "2027-02-30T00:00:00Z"),
        ("expires_at", "2027-01-01T00:00:00"),
        ("expires_at", "tomorrow"),
    ],
)
def test_an_instant_that_could_not_be_written_back_is_refused(
    server: Server, field: str, instant: str
) -> None:
    wanted = {"kind": "api_token", "name": server.unique("token"), "scopes": ["folders:list"]}
    answer = server.call(
        "POST", f"{V1}/credentials", {**wanted, "expires_at": None, field: instant}
    )
    assert (answer.status, answer.json()["errors"][0]["field"]) == (400, field)
    assert server.call("GET", f"{V1}/credentials").status == 200


@pytest.mark.parametrize(
    ("path", "parameter", "forged"),
    [
        ("accounts/{account}/versions", "page_token", cursor("-n", "abc", "")),
        ("accounts/{account}/versions", "page_token", cursor("-n", None, "")),
        ("accounts/{account}/versions", "page_token", cursor("-n", 1 << 62, "")),
        ("accounts/{account}/versions", "page_token", cursor("-n", True, "")),
        ("credentials", "page_token", cursor("-created_at", "abc", "x")),
        ("credentials", "page_token", cursor("name", "abc", "x")),
        ("folders", "page_token", cursor("name", 5, "x")),
        ("accounts", "page_token", cursor("name")),
        ("owners", "page_token", "%00"),
        ("owners", "page_token", "~~~"),
        ("owners", "page_token", cursor({"name": "a"})),
        ("audit/events", "since", cursor("name", "a", "")),
        ("audit/events", "since", "A" * 5000),
    ],
)
def test_a_cursor_that_no_list_answered_is_refused(
    server: Server, path: str, parameter: str, forged: str
) -> None:
    account = server.account(server.folder()["id"])
    where = path.format(account=account["id"])
    answer = server.call("GET", f"{V1}/{where}?{parameter}={forged}")
    assert (answer.status, answer.json()["errors"][0]["field"]) == (400, parameter)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": "canary-7Wq9-value"',
        b'{"name": canary-7Wq9-value}',
        b"nul",
        b"[]",
        b'"canary-7Wq9-value"',
        b"12",
        b"null",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"name": "a"} {"name": "b"}',
        b"{" * 1100,
        b'{"name": ' + b"[" * 1100 + b"]" * 1100 + b"}",
        b'{"a": {"b": ' * 600 + b"1" + b"}}" * 600,
    ],
)
def test_what_is_no_json_object_is_refused(unwritten: Server, path: str, body: bytes) -> None:
    answer = unwritten.call("POST", V1 + path, raw=body, headers=JSON)
    assert problem(answer) == (400, "invalid_request")
    assert CANARY not in answer.body.decode()


@pytest.mark.parametrize(
    "media",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/problem+json",
        "application/json; charset=latin-1",
        "application/json, text/plain",
        "applicatioñ/json",
    ],
)
def test_a_body_that_is_not_called_json_is_refused(unwritten: Server, media: str) -> None:
    body = json.dumps({"name": unwritten.unique("folder")}).encode()
    answer = unwritten.call("POST", f"{V1}/folders", raw=body, headers={"Content-Type": media})
    assert problem(answer) == (415, "unsupported_media_type")


def test_a_body_without_a_content_type_is_refused(unwritten: Server) -> None:
    body = json.dumps({"name": unwritten.unique("folder")}).encode()
    answer = unwritten.call("POST", f"{V1}/folders", raw=body)
    assert problem(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        (
            "/credentials",
            {
                "nonsense": CANARY,
                "kind": 5,
                "name": "",
                "description": "a" * 1001,
                "scopes": ["secrets:read", "no:scope"],
                "levels": {"audit": "write"},
                "networks": ["10.0.0.1", "300.1.1.1", "10.0.0.0/33"],
                "expires_at": "2001-01-01T00:00:00Z",
                "not_before": CANARY,
                "metadata": {"k": "a" * 501},
            },
            {
                "nonsense", "kind", "name", "description", "scopes[1]", "levels.audit",
                "networks[1]", "networks[2]", "expires_at", "not_before", "metadata.k",
            },
        ),
        ("/credentials", {}, {"kind", "name", "expires_at"}),
        (
            "/credentials",
            {
                "kind": CANARY,
                "name": "",
                "access": [{"api": "keystead", "scopes": ["no:scope"]}],
                "scopes": ["secrets:read", "no:scope"],
                "levels": {"audit": "write"},
                "networks": ["10.0.0.0/33"],
                "expires_at": None,
            },
            {
                "kind", "name", "access[0].scopes[0]", "scopes", "scopes[1]", "levels.audit",
                "networks[0]",
            },
        ),
        (
            "/credentials",
            {"kind": "api_token", "name": "", "scopes": [], "expires_at": CANARY},
            {"name", "scopes", "expires_at"},
        ),
        (
            "/folders",
            {"name": "a/b", "grants": [{"owner_id": "own_000000000000", "right": "user"}]},
            {"name", "grants[0].owner_id"},
        ),
        (
            "/folders",
            {"name": "a/b", "grants": [{"owner_id": "own_000000000000", "right": "user"}] * 2},
            {"name", "grants[1].owner_id"},
        ),
        (
            "/folders",
            {"name": "a/b", "grants": [{"owner_id": "x", "right": "user"}, {"right": "user"}]},
            {"name", "grants[0].owner_id", "grants[1].owner_id"},
        ),
        (
            "/groups",
            {"name": "", "members": ["x", "own_000000000000"], "x": 1},
            {"name", "x"},
        ),
        (
            "/owners",
            {"kind": CANARY, "name": "a\x00b", "email": CANARY, "roles": ["user", CANARY], "x": 1},
            {"kind", "name", "email", "roles[1]", "x"},
        ),
        (
            "/folders",
            {"name": "a/b", "parent_id": 7, "grants": [{"owner_id": "x", "right": CANARY}], "y": 0},
            {"name", "parent_id", "grants[0].right", "y"},
        ),
        (
            "/accounts",
            {
                "folder_id": 1,
                "name": "..",
                "fields": {"password": ""},
                "username": "a\nb",
                "target": "a" * 1001,
                "type": "a" * 65,
                "tags": ["a", "A"],
                "notes": "a" * 10_001,
                "value": CANARY,
            },
            {
                "folder_id", "name", "fields.password", "username", "target", "type", "tags[1]",
                "notes", "value",
            },
        ),
    ],
)  # fmt: skip
def test_all_wrong_fields_are_named_at_once(
    unwritten: Server, path: str, body: dict[str, object], fields: set[str]
) -> None:
    answer = unwritten.call("POST", V1 + path, body)
    assert problem(answer) == (400, "invalid_request")
    assert {error["field"] for error in answer.json()["errors"]} == fields
    assert CANARY not in answer.body.decode()


def test_all_wrong_fields_of_an_edit_are_named_at_once_as_they_were_sent(server: Server) -> None:
    _, record = server.token("folders:list")
    path = f"{V1}/credentials/{record['id']}"
    body = {
        "name": "",
        "scopes": ["no:scope"],
        "networks": ["x"],
        "expires_at": "2001-01-01T00:00:00Z",
    }
    refused(server.call("PATCH", path, body), "name", "scopes[0]", "networks[0]", "expires_at")
    body["not_before"] = CANARY
    refused(
        server.call("PATCH", path, body),
        *("not_before", "name", "scopes[0]", "networks[0]", "expires_at"),
    )
    assert ok(server.call("GET", path)) == record


@pytest.mark.parametrize("kind", [None, True, 5, 1.5, "a/b", [], {}, [[]], [{}]])
@pytest.mark.parametrize("path", BODIES)
def test_a_value_of_a_wrong_type_is_never_a_fault_of_ours(
    server: Server, path: str, kind: object
) -> None:
    names = (
        "kind", "name", "scopes", "levels", "access", "networks", "expires_at", "metadata", "login",
        "roles", "managed_by", "parent_id", "grants", "folder_id", "fields", "tags", "notes",
    )  # fmt: skip
    for field in names:
        answer = server.call("POST", V1 + path, {field: kind})
        assert problem(answer) == (400, "invalid_request")
    answer = server.call("POST", V1 + path, dict.fromkeys(names, kind))
    assert problem(answer) == (400, "invalid_request")


def test_a_body_of_a_megabyte_is_read_and_of_a_byte_more_is_not(unwritten: Server) -> None:
    whole = json.dumps({"name": "a/b"}).encode().ljust(1_048_576)
    answer = unwritten.call("POST", f"{V1}/folders", raw=whole, headers=JSON)
    refused(answer, "name")
    answer = unwritten.call("POST", f"{V1}/folders", raw=whole + b" ", headers=JSON)
    assert problem(answer) == (413, "too_large")


def test_a_huge_body_is_refused_before_it_is_sent(unwritten: Server) -> None:
    asked = head(unwritten, "POST", "/folders", "Content-Length: 99999999999")
    assert raw(unwritten, asked).status == 413


def test_a_huge_body_without_a_declared_length_is_refused(unwritten: Server) -> None:
    asked = head(unwritten, "POST", "/folders", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    assert raw(unwritten, asked, *[chunk] * 17).status == 413


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: -5",),
        ("Content-Length: ten",),
        ("Content-Length: 2", "Content-Length: 3"),
        ("Transfer-Encoding: chunked", "Content-Length: 2"),
    ],
)
def test_a_length_that_cannot_be_is_refused(unwritten: Server, headers: tuple[str, ...]) -> None:
    answer = raw(unwritten, head(unwritten, "POST", "/folders", *headers), b"{}")
    assert answer.status == 400


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("/whoami?x=1", ("x",)),
        ("/folders?x=1&y=2", ("x", "y")),
        ("/folders?q=a&q=b", ("q",)),
        ("/folders?page_size=0", ("page_size",)),
        ("/folders?page_size=201", ("page_size",)),
        ("/folders?page_size=ten", ("page_size",)),
        ("/folders?page_size=", ("page_size",)),
        (f"/credentials?sort={CANARY}&state={CANARY}", ("state", "sort")),
        (f"/credentials?expires_before={CANARY}", ("expires_before",)),
        (f"/audit/events?after={CANARY}&before={CANARY}", ("after", "before")),
        (f"/audit/events?decision={CANARY}", ("decision",)),
        (f"/audit/export?format={CANARY}", ("format",)),
        ("/folders?q=" + "a" * 256, ("q",)),
        ("/folders?q=", ("q",)),
        ("/folders?path=" + "a" * 9001, ("path",)),
        ("/folders?path=a//b", ("path",)),
        ("/folders?path=../a", ("path",)),
        ("/folders?path=a&q=b&page_size=5", ("q", "page_size")),
        ("/accounts?path=a/b&type=x&page_token=none", ("type", "page_token")),
        ("/folders?q=%00", ("q",)),
        ("/folders?q=%ff", ()),
        ("/folders?q=%c3%28", ()),
        ("/folders?" + "&".join(f"a{i}=1" for i in range(51)), ()),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    unwritten: Server, path: str, suffix: tuple[str, ...]
) -> None:
    refused(unwritten.call("GET", V1 + path), *suffix)


@pytest.mark.parametrize("q", ["a" * 255, "%25_%5C'", "%F0%9F%94%91", "%E2%80%AE", "a+b"])
@pytest.mark.parametrize("path", ["/folders", "/accounts", "/credentials", "/owners"])
def test_whatever_text_is_searched_for_is_only_searched_for(
    server: Server, path: str, q: str
) -> None:
    assert "items" in ok(server.call("GET", f"{V1}{path}?q={q}"))


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("DELETE", ""),
        ("POST", "/revoke"),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/rotate"),
    ],
)
def test_what_a_request_does_not_take_is_refused_and_nothing_done(
    server: Server, method: str, suffix: str
) -> None:
    _, record = server.token("folders:list")
    path = f"{V1}/credentials/{record['id']}"
    refused(server.call(method, f"{path}{suffix}?dry_run=1"), "dry_run")
    answer = server.call(method, path + suffix, {"dry_run": True})
    assert problem(answer) == (400, "invalid_request")
    assert ok(server.call("GET", path)) == record


def test_an_empty_object_is_no_body(server: Server) -> None:
    _, record = server.token("folders:list")
    ok(server.call("POST", f"{V1}/credentials/{record['id']}/revoke", {}))
