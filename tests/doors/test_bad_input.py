"""Bad input is refused with a clear word, never with a 500, and nothing of it is written."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest

from tests.running import Server

V1 = "/api/v1"


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
