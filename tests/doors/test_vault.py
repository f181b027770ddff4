"""The vault's first floor: folders, accounts, versions, and fetching what they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.doors.cast import V1, in_future, member, ok, path_of, problem
from tests.running import Answer, Server

TEXT = {"Accept": "text/plain"}


def _secret(account: dict[str, Any]) -> str:
    return f"{V1}/accounts/{account['id']}/secret"


def _account(server: Server, **more: object) -> dict[str, Any]:
    return server.account(server.folder()["id"], **more)


def _store(server: Server, account: dict[str, Any], **body: object) -> Answer:
    return server.call("PUT", _secret(account), {"fields": {"password": "next"}, **body})


def test_s1_a_script_fetches_a_secret_as_json_by_id_and_by_path(server: Server) -> None:
    folder = server.folder(name=server.unique("Datenbanken é"))
    below = server.folder(name="orders & co", parent_id=folder["id"])
    fields = {"password": "pass-word é世\n", "key.pem": "-----BEGIN"}
    account = server.account(below["id"], name="app+1", username="app", fields=fields)
    token, _ = server.token("secrets:read")
    by_id = ok(server.call("GET", _secret(account), token=token))
    assert (by_id["account_id"], by_id["version"], by_id["username"], by_id["fields"]) == (
        account["id"], 1, "app", fields,
    )  # fmt: skip
    path = f"{V1}/secrets/{path_of(folder['name'], below['name'], account['name'])}"
    assert ok(server.call("GET", path, token=token)) == by_id
    assert account["path"] == f"{folder['name']}/{below['name']}/{account['name']}"


def test_s1_a_configuration_file_fetches_it_as_bare_text(server: Server) -> None:
    account = _account(server, fields={"password": "pass-word é", "key": "k"})
    answer = server.call("GET", _secret(account), headers=TEXT)
    assert answer.body.decode() == "pass-word é"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    field = server.call("GET", f"{_secret(account)}?field=key", headers=TEXT)
    assert field.body == b"k"
    assert ok(server.call("GET", f"{_secret(account)}?field=key"))["fields"] == {"key": "k"}


@pytest.mark.parametrize(
    ("accept", "plain"),
    [
        ("text/plain", True),
        ("TEXT/PLAIN; charset=utf-8", True),
        ("text/plain, application/json;q=0.5", True),
        ("application/json, text/plain;q=0.5", False),
        ("text/plain;q=0", False),
        ("*/*", False),
        ("text/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("", False),
        ("text/plain;q=nonsense", False),
        (";;,,=", False),
    ],
)
def test_s1_text_is_answered_only_where_it_is_asked_for_by_name(
    server: Server, accept: str, plain: bool
) -> None:
    answer = server.call("GET", _secret(_account(server)), headers={"Accept": accept})
    assert answer.status == 200
    assert (answer.body == b"pass-word") == plain
    assert "Accept" in answer.headers["vary"]


def test_s1_a_secret_without_a_password_has_no_bare_form(server: Server) -> None:
    account = _account(server, fields={"key": "k"})
    assert problem(server.call("GET", _secret(account), headers=TEXT)) == (404, "not_found")
    assert ok(server.call("GET", _secret(account)))["fields"] == {"key": "k"}
    other = server.call("GET", f"{_secret(account)}?field=other")
    assert problem(other) == (404, "not_found")


def test_s1_a_path_is_found_whatever_the_case_of_its_names(server: Server) -> None:
    folder = server.folder(name=server.unique("Straße"))
    account = server.account(folder["id"], name="\uff26\uff35\uff2c\uff2c width")
    path = path_of(folder["name"].upper().replace("SSE", "ßE"), "full WIDTH")
    assert ok(server.call("GET", f"{V1}/secrets/{path}"))["account_id"] == account["id"]


def test_no_entry_no_secret_and_no_value_in_the_entry(server: Server) -> None:
    account = _account(server, fields={"password": "value-that-is-not-told"})
    token, record = server.token("secrets:read")
    answer = server.call("GET", _secret(account), token=token)
    (entry,) = ok(server.call("GET", f"{V1}/audit/events?credential={record['id']}"))["items"]
    assert entry["verb"] == "secret.read"
    assert entry["object"] == {"type": "account", "id": account["id"], "name": account["path"]}
    assert entry["request_id"] == answer.headers["keystead-request-id"]
    assert "value-that-is-not-told" not in json.dumps(entry)


def test_an_unchanged_secret_is_answered_304_without_a_body(server: Server) -> None:
    account = _account(server)
    first = server.call("GET", _secret(account))
    known = {"If-None-Match": first.headers["etag"]}
    again = server.call("GET", _secret(account), headers=known)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    several = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    assert server.call("GET", _secret(account), headers=several).status == 304
    ok(_store(server, account))
    changed = server.call("GET", _secret(account), headers=known)
    assert changed.status == 200
    assert changed.headers["etag"] != first.headers["etag"]


def test_each_form_of_a_secret_has_an_entity_tag_of_its_own(server: Server) -> None:
    account = _account(server, fields={"password": "p", "key": "k"})
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        ("", {}), ("", TEXT), ("?field=key", {}), ("?field=key", TEXT), ("?field=password", {}),
    )  # fmt: skip
    tags = [
        server.call("GET", _secret(account) + query, headers=headers).headers["etag"]
        for query, headers in forms
    ]
    assert len(set(tags)) == len(forms)
    for i, tag in enumerate(tags):
        for j, (query, headers) in enumerate(forms):
            known = {**headers, "If-None-Match": tag}
            answer = server.call("GET", _secret(account) + query, headers=known)
            assert answer.status == (304 if i == j else 200)


def test_a_stranger_learns_nothing_by_an_entity_tag(server: Server) -> None:
    account = _account(server)
    known = {"If-None-Match": server.call("GET", _secret(account)).headers["etag"]}
    _, stranger = member(server, "user")
    refused = server.call("GET", _secret(account), token=stranger, headers=known)
    assert problem(refused) == (404, "not_found")


def test_an_edited_description_changes_the_entity_tag(server: Server) -> None:
    account = _account(server, username="before")
    known = {"If-None-Match": server.call("GET", _secret(account)).headers["etag"]}
    ok(server.call("PATCH", f"{V1}/accounts/{account['id']}", {"username": "after"}))
    answer = server.call("GET", _secret(account), headers=known)
    assert ok(answer)["username"] == "after"


def test_a_version_replaces_all_fields_and_older_ones_stay(server: Server) -> None:
    account = _account(server, fields={"password": "one", "key": "k"})
    stored = ok(_store(server, account, fields={"password": "two", "pin": "1"}))
    assert (stored["account_id"], stored["version"]) == (account["id"], 2)
    newest = ok(server.call("GET", _secret(account)))
    assert (newest["version"], newest["fields"]) == (2, {"password": "two", "pin": "1"})
    first = ok(server.call("GET", f"{_secret(account)}?version=1"))
    assert (first["version"], first["fields"]) == (1, {"password": "one", "key": "k"})
    absent = server.call("GET", f"{_secret(account)}?version=3")
    assert problem(absent) == (404, "not_found")
    versions = ok(server.call("GET", f"{V1}/accounts/{account['id']}/versions"))["items"]
    assert [(v["n"], v["field_names"]) for v in versions] == [
        (2, ["password", "pin"]),
        (1, ["password", "key"]),
    ]
    described = ok(server.call("GET", f"{V1}/accounts/{account['id']}"))
    assert (described["version"], described["field_names"]) == (2, ["password", "pin"])


def test_only_who_names_the_newest_version_replaces_it(server: Server) -> None:
    account = _account(server)
    for wrong in (0, 2, 99):
        refused = _store(server, account, cas=wrong)
        assert problem(refused) == (412, "cas_mismatch")
    assert ok(_store(server, account, cas=1))["version"] == 2
    assert problem(_store(server, account, cas=1)) == (412, "cas_mismatch")
    assert ok(_store(server, account))["version"] == 3
    assert ok(server.call("GET", _secret(account)))["version"] == 3


def test_versions_are_paged_from_the_newest(server: Server) -> None:
    account = _account(server)
    for _ in range(4):
        ok(_store(server, account))
    found: list[int] = []
    page = ""
    while True:
        path = f"{V1}/accounts/{account['id']}/versions?page_size=2{page}"
        answer = ok(server.call("GET", path))
        found += [version["n"] for version in answer["items"]]
        ok(_store(server, account))
        if answer["next_page_token"] is None:
            break
        page = f"&page_token={answer['next_page_token']}"
    assert found == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    "fields",
    [{}, {"": "x"}, {"a b": "x"}, {"ключ": "x"}, {"-a": "x"}, {"a" * 65: "x"}, {"a": ""}],
)
def test_fields_that_cannot_be_are_refused_and_no_version_is_made(
    server: Server, fields: dict[str, str]
) -> None:
    account = _account(server)
    assert problem(_store(server, account, fields=fields)) == (400, "invalid_request")
    assert ok(server.call("GET", _secret(account)))["version"] == 1


def test_a_value_comes_back_byte_for_byte(server: Server) -> None:
    fields = {"password": "\x00\x1f\u2028 \U0001f511\\\"'", "long": "é" * 32_768}
    account = _account(server, fields=fields)
    assert ok(server.call("GET", _secret(account)))["fields"] == fields
    text = server.call("GET", _secret(account), headers=TEXT)
    assert text.body == fields["password"].encode()


def test_a_deleted_account_is_gone_at_once_and_its_name_free(server: Server) -> None:
    folder = server.folder()
    account = server.account(folder["id"], name="reused")
    taken = {"folder_id": folder["id"], "name": "REUSED", "fields": {"password": "p"}}
    assert problem(server.call("POST", f"{V1}/accounts", taken)) == (409, "name_taken")
    ok(server.call("DELETE", f"{V1}/accounts/{account['id']}"), 204)
    for path in (_secret(account), f"{_secret(account)}?version=1"):
        assert problem(server.call("GET", path)) == (404, "not_found")
    assert problem(_store(server, account)) == (404, "not_found")
    again = ok(server.call("POST", f"{V1}/accounts", taken), 201)
    assert again["id"] != account["id"]
    assert ok(server.call("GET", _secret(again)))["fields"] == {"password": "p"}


def test_a_folder_is_deleted_only_when_empty_and_its_name_is_free_then(server: Server) -> None:
    folder = server.folder()
    path = f"{V1}/folders/{folder['id']}"
    below = server.folder(parent_id=folder["id"])
    assert problem(server.call("DELETE", path)) == (409, "wrong_state")
    ok(server.call("DELETE", f"{V1}/folders/{below['id']}"), 204)
    ok(server.call("DELETE", path), 204)
    assert problem(server.call("GET", path)) == (404, "not_found")
    ok(server.call("POST", f"{V1}/folders", {"name": folder["name"]}), 201)
    inside = {"folder_id": folder["id"], "name": "a", "fields": {"password": "p"}}
    assert problem(server.call("POST", f"{V1}/accounts", inside)) == (404, "not_found")


def test_names_are_unique_among_siblings_alone(server: Server) -> None:
    first, second = server.folder(), server.folder()
    for parent in (first, second):
        server.folder(name="Same", parent_id=parent["id"])
        server.account(parent["id"], name="Same")
    taken = {"name": "\uff33\uff21\uff2d\uff25", "parent_id": first["id"]}
    assert problem(server.call("POST", f"{V1}/folders", taken)) == (409, "name_taken")


def test_a_move_onto_a_taken_name_is_refused(server: Server) -> None:
    first, second = server.folder(), server.folder()
    moved = server.account(first["id"], name="Same")
    server.account(second["id"], name="same")
    path = f"{V1}/accounts/{moved['id']}"
    refused = server.call("PATCH", path, {"folder_id": second["id"]})
    assert problem(refused) == (409, "name_taken")
    assert ok(server.call("GET", path))["folder_id"] == first["id"]


def test_a_folder_is_not_moved_into_itself(server: Server) -> None:
    folder = server.folder()
    below = server.folder(parent_id=folder["id"])
    for parent in (folder, below):
        refused = server.call("PATCH", f"{V1}/folders/{folder['id']}", {"parent_id": parent["id"]})
        assert problem(refused) == (409, "wrong_state")


def test_a_renamed_folder_changes_every_path_below_it(server: Server) -> None:
    folder = server.folder()
    account = server.account(server.folder(name="below", parent_id=folder["id"])["id"], name="a")
    renamed = server.unique("renamed")
    ok(server.call("PATCH", f"{V1}/folders/{folder['id']}", {"name": renamed}))
    path = path_of(renamed, "below", "a")
    assert ok(server.call("GET", f"{V1}/secrets/{path}"))["account_id"] == account["id"]
    old = server.call("GET", f"{V1}/secrets/{path_of(folder['name'], 'below', 'a')}")
    assert problem(old) == (404, "not_found")
    by_path = ok(server.call("GET", f"{V1}/accounts?path={path_of(renamed)}/below/a"))
    assert [item["id"] for item in by_path["items"]] == [account["id"]]


def test_an_edit_changes_what_it_names_and_leaves_the_rest(server: Server) -> None:
    described = {
        "username": "app", "target": "db:5432", "type": "database", "tags": ["blue"], "notes": "n",
    }  # fmt: skip
    account = _account(server, **described)
    path = f"{V1}/accounts/{account['id']}"
    edited = ok(server.call("PATCH", path, {"notes": "changed"}))
    assert edited == {**account, "notes": "changed", "modified_at": edited["modified_at"]}
    assert edited["version"] == 1


def test_lists_of_accounts_are_filtered(server: Server) -> None:
    folder = server.folder()
    word = server.unique("needle").replace(" ", "-")
    plain = server.account(folder["id"], name="plain")["id"]
    tagged = server.account(folder["id"], name="tagged", tags=["blue", word])["id"]
    typed = server.account(folder["id"], name="typed", type=word)["id"]
    told = server.account(folder["id"], name="told", notes=f"x {word} y")["id"]

    def ids(query: str) -> list[str]:
        found = ok(server.call("GET", f"{V1}/accounts?page_size=200&{query}"))["items"]
        return [item["id"] for item in found]

    assert ids(f"folder_id={folder['id']}") == [plain, tagged, told, typed]
    assert ids(f"tag={word}") == [tagged]
    assert ids(f"type={word}") == [typed]
    assert set(ids(f"q={word.upper()}")) == {tagged, told}


def test_a_list_of_accounts_is_stable_while_others_write(server: Server) -> None:
    folder = server.folder()["id"]
    made = [server.account(folder, name=f"b{i}")["id"] for i in range(5)]
    found: list[str] = []
    page = ""
    for turn in range(10):
        answer = ok(server.call("GET", f"{V1}/accounts?folder_id={folder}&page_size=2{page}"))
        found += [item["id"] for item in answer["items"]]
        # One before and one after where the reader stands, and the one he has just read goes.
        server.account(folder, name=f"a{turn}")
        ok(server.call("DELETE", f"{V1}/accounts/{found[-1]}"), 204)
        if answer["next_page_token"] is None:
            break
        page = f"&page_token={answer['next_page_token']}"
    assert found == made


def test_a_list_shows_what_one_may_see_and_counts_nothing_else(server: Server) -> None:
    owner_id, token = member(server, "user")
    seen = server.folder(grants=[{"owner_id": owner_id, "right": "viewer"}])
    inside = server.account(seen["id"])["id"]
    _account(server)
    for noun, wanted in (("folders", seen["id"]), ("accounts", inside)):
        answer = ok(server.call("GET", f"{V1}/{noun}?page_size=1", token=token))
        assert [item["id"] for item in answer["items"]] == [wanted]
        assert answer["next_page_token"] is None


def test_k17_the_audit_is_read_on_from_a_cursor_and_filtered(server: Server) -> None:
    start = ok(server.call("GET", f"{V1}/audit/events?page_size=1"))["cursor"]
    account = _account(server)
    for _ in range(3):
        ok(server.call("GET", _secret(account)))
    verbs: list[str] = []
    cursor = start
    while True:
        path = f"{V1}/audit/events?since={cursor}&page_size=2&object={account['id']}"
        answer = ok(server.call("GET", path))
        verbs += [event["verb"] for event in answer["items"]]
        if answer["next_page_token"] is None:
            break
        cursor = answer["next_page_token"]
    assert verbs == ["account.create", *["secret.read"] * 3]
    numbers = [e["n"] for e in ok(server.call("GET", f"{V1}/audit/events?since=start"))["items"]]
    assert numbers == sorted(numbers)
    assert numbers[0] == 1
    for nothing in (f"after={in_future(days=1)}", "before=1970-01-01T00:00:00Z"):
        assert ok(server.call("GET", f"{V1}/audit/events?{nothing}"))["items"] == []


def test_k17_the_audit_is_verified_and_exported_whole(server: Server) -> None:
    _account(server)
    verified = ok(server.call("GET", f"{V1}/audit/verify"))
    assert (verified["intact"], verified["chains"][0]["findings"]) == (True, [])
    lines = server.call("GET", f"{V1}/audit/export?format=jsonl").body.splitlines()
    assert [json.loads(line)["n"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert "checkpoint" in json.loads(lines[-1])
    table = server.call("GET", f"{V1}/audit/export?format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert "attachment" in table.headers["content-disposition"]
    assert len(table.body.splitlines()) >= len(lines)


def test_reading_the_audit_is_entered(server: Server) -> None:
    token, record = server.token("audit:read", "audit:export")
    for path in ("events", "verify", "export"):
        assert server.call("GET", f"{V1}/audit/{path}", token=token).status == 200
    entries = ok(server.call("GET", f"{V1}/audit/events?credential={record['id']}"))["items"]
    assert [e["verb"] for e in entries] == ["audit.read", "audit.verify", "audit.export"]
