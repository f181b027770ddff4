"""A thing that is named by a token: the audit, which is never written again, keeps only its public id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.running import Server

V1 = "/api/v1"


@pytest.mark.parametrize("noun", ["folder", "account", "credential", "owner"])
def test_the_name_of_a_thing_hides_a_token(server: Server, noun: str) -> None:
    token, record = server.token("accounts:list")
    if noun == "folder":
        server.folder(name=f"for {token}")
    elif noun == "account":
        server.account(server.folder()["id"], name=f"for {token}")
    elif noun == "credential":
        server.token("accounts:list", name=f"for {token}")
    else:
        wanted = {"kind": "application", "name": f"for {token}"}
        assert server.call("POST", f"{V1}/owners", wanted).status == 201
    events = server.call("GET", f"{V1}/audit/events?page_size=20").body.decode()
    assert token not in events
    assert f"for {record['public_id']}" in events


@pytest.mark.parametrize(
    "path",
    ["/credentials?q=a%00b", "/credentials?owner=a%00", "/audit/events?verb=%00", "/owners?q=%00"],
)
def test_no_parameter_holds_a_nul(server: Server, path: str) -> None:
    answer = server.call("GET", f"{V1}{path}")
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert answer.json()["errors"][0]["message"] == "must hold no NUL character"
