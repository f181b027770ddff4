"""The audit at the door: cursors that nobody answered, and a database that somebody changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from keystead.web.query import encode_cursor
from tests.doors.cast import V1, ok, path_of
from tests.running import running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.running import Server


@pytest.mark.parametrize(
    "places",
    [
        "0",
        "0:",
        ":1",
        "0:1,",
        "0:1;1:1",
        "0:-1",
        "0:1,0:2",
        "8388608:1",
        "0:281474976710656",
        "zero:1",
    ],
)
def test_a_cursor_of_other_places_is_refused_by_name(server: Server, places: str) -> None:
    answer = server.call("GET", f"{V1}/audit/events?since={encode_cursor((None, places), 'audit')}")
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == ["since"]


def test_a_cursor_may_name_a_chain_that_is_not_there(server: Server) -> None:
    server.folder()
    cursor = encode_cursor((None, "0:1,77:5"), "audit")
    answer = ok(server.call("GET", f"{V1}/audit/events?since={cursor}&page_size=1"))
    assert [event["n"] for event in answer["items"]] == [2]
    assert answer["next_page_token"] == answer["cursor"]


def test_what_a_credential_was_refused_is_named_as_it_asked(server: Server) -> None:
    account = server.account(server.folder()["id"])
    token, record = server.token("secrets:read", networks=["192.0.2.1"])
    revoked, other = server.token("secrets:read")
    ok(server.call("POST", f"{V1}/credentials/{other['id']}/revoke"))
    planted = f"{revoked[:16]}…"
    for held, path, told in (
        (token, f"/secrets/{quote(account['path'])}", account["path"]),
        (token, f"/accounts/{account['id']}/secret", account["id"]),
        (revoked, f"/accounts/{account['id']}/secret", account["id"]),
        (token, f"/accounts/{revoked}/secret", planted),
    ):
        assert server.call("GET", V1 + path, token=held).status in {400, 401, 403}
        id_ = record["id"] if held == token else other["id"]
        entry = ok(server.call("GET", f"{V1}/audit/events?credential={id_}"))["items"][-1]
        if told != planted:
            assert (entry["object"]["type"], entry["object"]["name"]) == ("account", told)
        assert revoked[16:] not in str(entry)


def test_an_entry_that_somebody_spoiled_hides_no_other(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        folder = server.folder()["id"]
        _, record = server.token("folders:list")
        with closing(sqlite3.connect(tmp_path / "data" / "keystead.db")) as base:
            base.execute("UPDATE audit_entries SET entry = x'00ff' WHERE object_id = ?", (folder,))
            base.execute(
                "UPDATE audit_entries SET decision = 'nothing', entry = 'no bytes' WHERE object_id = ?",
                (record["id"],),
            )
            base.commit()
        broken: list[dict[str, Any]] = []
        for query in ("since=start", "page_size=200"):
            items = ok(server.call("GET", f"{V1}/audit/events?{query}"))["items"]
            broken = [event for event in items if event["code"] == "audit_broken"]
            assert [(e["verb"], e["object"]["id"], e["decision"]) for e in broken] == [
                ("folder.create", folder, "allowed"),
                ("credential.create", record["id"], "refused"),
            ]
            assert [event["n"] for event in items] == list(range(1, len(items) + 1))
        report = ok(server.call("GET", f"{V1}/audit/verify"))
        assert report["intact"] is False
        (chain,) = report["chains"]
        assert {found["n"] for found in chain["findings"]} == {e["n"] for e in broken}


def test_an_entry_names_an_account_by_its_path_whether_it_was_allowed_or_refused(
    server: Server,
) -> None:
    account = server.account(server.folder()["id"])
    path = str(account["path"])
    token, record = server.token("secrets:read", "secrets:write")
    at = f"{V1}/secrets/{path_of(*path.split('/'))}"
    assert server.call("GET", at, token=token).status == 200
    assert server.call("GET", f"{at}?version=9", token=token).status == 404
    assert server.call("GET", f"{at}x", token=token).status == 404
    assert server.call("GET", f"{V1}/accounts/{account['id']}/secret", token=token).status == 200
    values = {"fields": {"password": "new"}}
    ok(server.call("PUT", f"{V1}/accounts/{account['id']}/secret", values))
    ok(server.call("PATCH", f"{V1}/accounts/{account['id']}", {"notes": "n"}))
    found = ok(server.call("GET", f"{V1}/audit/events?credential={record['id']}"))["items"]
    told = [(each["object"]["name"], each["decision"]) for each in found]
    assert told == [
        (path, "allowed"), (path, "refused"), (f"{path}x", "refused"), (path, "allowed")
    ]  # fmt: skip
    found = ok(server.call("GET", f"{V1}/audit/events?object={account['id']}"))["items"]
    assert {each["object"]["name"] for each in found} == {path}
    assert {each["verb"] for each in found} == {
        "account.create", "account.edit", "secret.read", "secret.write",
    }  # fmt: skip
