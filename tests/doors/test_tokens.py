"""Static API tokens end to end: one story for each row of the features that has an API half."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.doors.cast import ALL, V1, application, in_future, ok, problem
from tests.running import Answer, Server

WHOAMI = f"{V1}/whoami"
CREDENTIALS = f"{V1}/credentials"


def _create(server: Server, **more: object) -> Answer:
    wanted = {
        "kind": "api_token",
        "name": server.unique("token"),
        "scopes": ["folders:list"],
        "expires_at": None,
        **more,
    }
    return server.call("POST", CREDENTIALS, {k: v for k, v in wanted.items() if v is not ...})


def _record(server: Server, id_: str) -> dict[str, Any]:
    return dict(ok(server.call("GET", f"{CREDENTIALS}/{id_}")))


def _lives(server: Server, *tokens: str) -> list[bool]:
    return [server.call("GET", WHOAMI, token=token).status == 200 for token in tokens]


def _wrong(answer: Answer) -> dict[str, str]:
    assert problem(answer) == (400, "invalid_request")
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def _until(check: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


def test_s2_a_token_and_an_address_are_all_that_is_needed(server: Server) -> None:
    token, record = server.token("self:rotate")
    found = ok(server.call("GET", WHOAMI, token=token))
    assert found["credential"] == {"id": record["id"], "kind": "api_token", "name": record["name"]}
    assert (found["scopes"], found["address"]) == (["self:rotate"], "127.0.0.1")


def test_s4_a_name_is_required_trimmed_and_unique_whatever_its_case_or_form(server: Server) -> None:
    name = server.unique("Straße ①")
    made = ok(_create(server, name=f"  {name}\t"), 201)["credential"]
    assert made["name"] == name
    for same in (name, name.upper(), name.replace("ß", "ss"), name.replace("①", "1"), f" {name} "):
        assert problem(_create(server, name=same)) == (409, "name_taken")
    assert "name" in _wrong(_create(server, name=...))
    assert "name" in _wrong(_create(server, name="   "))


def test_c4_a_name_is_free_again_after_the_token_is_deleted(server: Server) -> None:
    name = server.unique("reused")
    made = ok(_create(server, name=name), 201)["credential"]
    ok(server.call("POST", f"{CREDENTIALS}/{made['id']}/revoke"))
    assert problem(_create(server, name=name)) == (409, "name_taken")
    ok(server.call("DELETE", f"{CREDENTIALS}/{made['id']}"), 204)
    again = ok(_create(server, name=name), 201)["credential"]
    assert again["id"] != made["id"]


@pytest.mark.parametrize("name", ["é" * 255, "日本語", "a", "O'Brien; DROP TABLE--", "<b>&amp;"])
def test_c5_a_name_of_any_script_comes_back_as_it_was_given(server: Server, name: str) -> None:
    stem = server.unique("")[-8:]
    name = (name + stem)[-255:]
    made = ok(_create(server, name=name), 201)["credential"]
    assert _record(server, made["id"])["name"] == name.strip()
    ok(server.call("DELETE", f"{CREDENTIALS}/{made['id']}"), 204)


def test_s5_a_description_says_what_the_token_is_for(server: Server) -> None:
    made = ok(_create(server, description="nightly\nbackup"), 201)["credential"]
    assert made["description"] == "nightly\nbackup"


def test_c6_a_description_may_be_left_out(server: Server) -> None:
    assert ok(_create(server), 201)["credential"]["description"] == ""


def test_s6_a_token_without_networks_is_good_from_anywhere(server: Server) -> None:
    token, record = server.token("folders:list")
    assert record["networks"] == []
    for source in ("127.0.0.1", "127.3.2.1"):
        assert server.call("GET", WHOAMI, token=token, source=source).status == 200


@pytest.mark.parametrize(
    ("networks", "inside", "outside"),
    [
        (["127.0.0.5"], ["127.0.0.5"], ["127.0.0.4", "127.0.0.6"]),
        (["127.0.0.5", "127.0.1.0/30"], ["127.0.0.5", "127.0.1.3"], ["127.0.1.4"]),
        (["127.0.0.5-127.0.0.7"], ["127.0.0.5", "127.0.0.7"], ["127.0.0.4", "127.0.0.8"]),
        (["127.0.0.5:127.0.0.7"], ["127.0.0.5", "127.0.0.7"], ["127.0.0.4", "127.0.0.8"]),
        (["127.0.2.30/24"], ["127.0.2.0", "127.0.2.255"], ["127.0.1.255", "127.0.3.0"]),
        (["::ffff:127.0.0.5"], ["127.0.0.5"], ["127.0.0.6"]),
        (["2001:db8::/32"], [], ["127.0.0.5"]),
    ],
)
def test_c14_a_token_works_only_from_its_networks(
    server: Server, networks: list[str], inside: list[str], outside: list[str]
) -> None:
    token, _ = server.token("folders:list", networks=networks)
    for source in inside:
        assert server.call("GET", WHOAMI, token=token, source=source).status == 200, source
    for source in outside:
        answer = server.call("GET", WHOAMI, token=token, source=source)
        assert problem(answer) == (403, "network_denied"), source
        assert "127." not in answer.body.decode()


@pytest.mark.parametrize(
    ("text", "interpreted"),
    [
        ("191.224.1.22", "191.224.1.22"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("10.0.0.5-10.0.0.90", "10.0.0.5-10.0.0.90"),
    ],
)
def test_s7_an_address_is_kept_as_typed_and_shown_as_understood(
    server: Server, text: str, interpreted: str
) -> None:
    made = ok(_create(server, networks=[text]), 201)["credential"]
    assert made["networks"] == [{"text": text, "interpreted": interpreted}]


def test_s7_entries_that_mean_the_same_are_one(server: Server) -> None:
    same = ["10.0.0.0/24", "10.0.0.7/24", "10.0.0.0/24"]
    made = ok(_create(server, networks=same), 201)["credential"]
    assert made["networks"] == [{"text": "10.0.0.0/24", "interpreted": "10.0.0.0/24"}]


def test_s8_a_range_with_colon_is_understood(server: Server) -> None:
    made = ok(_create(server, networks=["224.1.1.10:224.1.2.1"]), 201)["credential"]
    assert made["networks"][0]["interpreted"] == "224.1.1.10-224.1.2.1"


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.9-10.0.0.1",
        "10.0.0.9:10.0.0.1",
        "10.0.0.1-2001:db8::1",
        "10.0.0.01",
        "10.0.0.1/33",
        "fe80::1%eth0",
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0-255.255.255.255",
        " 10.0.0.1",
        "10.0.0.1, 10.0.0.2",
        "",
        "10.0.0",
        "1",
    ],
)
def test_s8_what_is_no_network_is_refused_by_its_place(server: Server, text: str) -> None:
    assert "networks[1]" in _wrong(_create(server, networks=["10.0.0.1", text]))


@pytest.mark.parametrize("text", ["ci.example.com", "*.build.example.com", "a-b.example"])
def test_s6_a_host_name_is_refused_with_the_reason_for_now(server: Server, text: str) -> None:
    assert "host name" in _wrong(_create(server, networks=[text]))["networks[0]"]


def test_s9_a_block_with_host_bits_is_shown_as_interpreted(server: Server) -> None:
    made = ok(_create(server, networks=["192.168.1.30/24"]), 201)["credential"]
    assert made["networks"] == [{"text": "192.168.1.30/24", "interpreted": "192.168.1.0/24"}]


def test_c12_an_eleventh_network_is_refused(server: Server) -> None:
    ten = [f"10.0.0.{i}" for i in range(10)]
    assert len(ok(_create(server, networks=[*ten, ten[0]]), 201)["credential"]["networks"]) == 10
    assert "networks" in _wrong(_create(server, networks=[*ten, "10.0.0.10"]))


def test_s11_the_type_is_static_and_never_changes(server: Server) -> None:
    made = ok(_create(server, type="static"), 201)["credential"]
    assert made["type"] == "static"
    answer = server.call("PATCH", f"{CREDENTIALS}/{made['id']}", {"type": "dynamic"})
    assert "type" in _wrong(answer)
    assert "type" in _wrong(_create(server, type="dynamic"))


def test_s12_never_to_expire_is_an_explicit_choice(server: Server) -> None:
    assert "expires_at" in _wrong(_create(server, expires_at=...))
    assert ok(_create(server, expires_at=None), 201)["credential"]["expires_at"] is None


def test_c7_an_empty_end_is_never_too(server: Server) -> None:
    assert ok(_create(server, expires_at=""), 201)["credential"]["expires_at"] is None


def test_s13_an_end_is_kept_in_utc_and_must_lie_in_the_future(server: Server) -> None:
    made = ok(_create(server, expires_at="2099-01-31T18:00:00+02:00"), 201)["credential"]
    assert made["expires_at"] == "2099-01-31T16:00:00Z"
    for past in ("2001-01-01T00:00:00Z", in_future(seconds=-1)):
        assert "expires_at" in _wrong(_create(server, expires_at=past))


def test_s13_an_end_is_exclusive_and_holds_to_the_moment(server: Server) -> None:
    end = in_future(seconds=0.6)
    token, record = server.token("folders:list", expires_at=end)
    assert _lives(server, token) == [True]
    while in_future() < end:
        time.sleep(0.01)
    refused = server.call("GET", WHOAMI, token=token)
    assert problem(refused) == (401, "credential_expired")
    assert "generated" in refused.json()["detail"]
    assert _record(server, record["id"])["state"] == "expired"


def test_s15_a_token_is_given_single_operations_or_levels(server: Server) -> None:
    made = ok(
        _create(server, scopes=["secrets:read"], levels={"folders": "read", "accounts": "write"}),
        201,
    )
    (access,) = made["credential"]["access"]
    assert access["api"] == "keystead"
    assert access["scopes"] == ["secrets:read"]
    assert access["levels"] == {"folders": "read", "accounts": "write"}
    held = ok(server.call("GET", WHOAMI, token=made["secret"]))["scopes"]
    assert {"secrets:read", "folders:list", "accounts:delete"} <= set(held)
    assert not {"secrets:write", "folders:edit", "credentials:list"} & set(held)


def test_s15_nothing_is_preselected(server: Server) -> None:
    assert _create(server, scopes=...).status == 400
    assert _create(server, scopes=[]).status == 400
    assert _create(server, scopes=..., access=[]).status == 400


def test_s16_a_token_is_refused_for_other_operations_and_told_which_it_lacks(
    server: Server,
) -> None:
    token, _ = server.token("folders:list")
    account = server.account(server.folder()["id"])
    refused = server.call("GET", f"{V1}/accounts/{account['id']}/secret", token=token)
    assert problem(refused) == (403, "insufficient_scope")
    assert "secrets:read" in refused.json()["detail"]


def test_s17_the_token_is_shown_once_and_only_its_digest_is_kept(server: Server) -> None:
    answer = _create(server)
    token, record = answer.json()["secret"], answer.json()["credential"]
    assert answer.headers["cache-control"] == "no-store"
    assert token.startswith(record["public_id"])
    for path in (
        CREDENTIALS,
        f"{CREDENTIALS}/{record['id']}",
        f"{CREDENTIALS}/{record['id']}/secrets",
    ):
        assert token.encode() not in server.call("GET", path).body
    with closing(sqlite3.connect(f"file:{server.data}/keystead.db?mode=ro", uri=True)) as database:
        assert token not in "\n".join(database.iterdump())


def test_s21_a_deleted_token_is_refused_at_once_and_gone(server: Server) -> None:
    token, record = server.token("folders:list")
    assert _lives(server, token) == [True]
    ok(server.call("DELETE", f"{CREDENTIALS}/{record['id']}"), 204)
    assert problem(server.call("GET", WHOAMI, token=token))[0] == 401
    again = server.call("DELETE", f"{CREDENTIALS}/{record['id']}")
    assert problem(again) == (404, "not_found")
    listed = ok(server.call("GET", f"{CREDENTIALS}?q={record['name'].replace(' ', '%20')}"))
    assert listed["items"] == []


def test_c24_a_deleted_token_stays_in_the_audit(server: Server) -> None:
    _, record = server.token("folders:list")
    ok(server.call("DELETE", f"{CREDENTIALS}/{record['id']}"), 204)
    events = ok(server.call("GET", f"{V1}/audit/events?object={record['id']}"))["items"]
    assert [e["verb"] for e in events] == ["credential.create", "credential.delete"]
    assert events[1]["object"]["name"] == record["name"]


def test_s22_an_edit_extends_the_end_before_it_has_come(server: Server) -> None:
    soon = in_future(seconds=1.0)
    token, record = server.token("folders:list", expires_at=soon)
    path = f"{CREDENTIALS}/{record['id']}"
    edited = ok(server.call("PATCH", path, {"expires_at": "2099-01-01T00:00:00Z"}))
    assert edited["expires_at"] == "2099-01-01T00:00:00Z"
    while in_future() <= soon:
        time.sleep(0.05)
    answer = server.call("GET", WHOAMI, token=token)
    assert answer.status == 200
    assert answer.headers["keystead-credential-expires"] == "2099-01-01T00:00:00Z"


def test_s22_an_expired_token_is_not_revived_by_an_edit_but_by_a_rotation(server: Server) -> None:
    end = in_future(seconds=0.3)
    token, record = server.token("folders:list", expires_at=end)
    while in_future() <= end:
        time.sleep(0.02)
    path = f"{CREDENTIALS}/{record['id']}"
    later = {"expires_at": "2099-01-01T00:00:00Z"}
    assert problem(server.call("PATCH", path, later)) == (409, "wrong_state")
    assert problem(server.call("PATCH", path, {"expires_at": None})) == (409, "wrong_state")
    assert ok(server.call("PATCH", path, {"description": "ended"}))["state"] == "expired"
    assert problem(server.call("POST", f"{path}/rotate")) == (409, "wrong_state")
    revived = ok(server.call("POST", f"{path}/rotate", later))
    assert revived["credential"]["state"] == "active"
    assert _lives(server, token, revived["secret"]) == [False, True]


def test_c23_an_edit_changes_each_field_and_leaves_the_secret(server: Server) -> None:
    token, record = server.token("folders:list")
    wish: dict[str, Any] = {
        "name": server.unique("renamed"),
        "description": "changed",
        "scopes": ["accounts:list"],
        "networks": ["127.0.0.0/8"],
        "expires_at": "2099-01-01T00:00:00Z",
        "metadata": {"team": "ops"},
    }
    edited = ok(server.call("PATCH", f"{CREDENTIALS}/{record['id']}", wish))
    for field in ("name", "description", "expires_at", "metadata"):
        assert edited[field] == wish[field]
    assert edited["access"][0]["scopes"] == ["accounts:list"]
    assert edited["modified_at"] > record["modified_at"]
    assert edited["secrets"] == record["secrets"]
    assert server.call("GET", f"{V1}/accounts", token=token).status == 200
    assert problem(server.call("GET", f"{V1}/folders", token=token))[0] == 403


def test_c23_a_narrowing_edit_acts_at_once(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}"
    for change, code in (
        ({"networks": ["192.0.2.1"]}, "network_denied"),
        ({"networks": [], "not_before": in_future(days=1)}, "credential_not_yet_valid"),
    ):
        assert _lives(server, token) == [True]
        ok(server.call("PATCH", path, change))
        assert problem(server.call("GET", WHOAMI, token=token))[1] == code
        ok(server.call("PATCH", path, {"networks": [], "not_before": None}))
    assert _lives(server, token) == [True]


def test_s23_a_rotation_without_overlap_ends_the_old_secret_at_once(server: Server) -> None:
    token, record = server.token("folders:list")
    rotated = ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/rotate"))
    assert rotated["credential"]["id"] == record["id"]
    assert rotated["secret"].startswith(record["public_id"])
    assert _lives(server, token, rotated["secret"]) == [False, True]
    refused = server.call("GET", WHOAMI, token=token)
    assert problem(refused) == (401, "credential_revoked")


def test_s23_a_rotation_with_overlap_leaves_both_until_the_instant_it_named(
    server: Server,
) -> None:
    token, record = server.token("folders:list")
    rotated = ok(
        server.call("POST", f"{CREDENTIALS}/{record['id']}/rotate", {"overlap_seconds": 1})
    )
    old, new = rotated["credential"]["secrets"]
    assert (old["n"], old["state"], new["n"], new["state"]) == (1, "retiring", 2, "live")
    assert _lives(server, token, rotated["secret"]) == [True, True]
    while in_future() <= old["retires_at"]:
        time.sleep(0.02)
    assert _lives(server, token, rotated["secret"]) == [False, True]
    secrets = ok(server.call("GET", f"{CREDENTIALS}/{record['id']}/secrets"))["items"]
    assert [secret["state"] for secret in secrets] == ["retired", "live"]


def test_s23_a_second_rotation_at_once_ends_every_older_secret(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}/rotate"
    second = ok(server.call("POST", path, {"overlap_seconds": 600}))["secret"]
    third = ok(server.call("POST", path, {"overlap_seconds": 60}))["secret"]
    assert _lives(server, token, second, third) == [True, True, True]
    fourth = ok(server.call("POST", path))["secret"]
    assert _lives(server, token, second, third, fourth) == [False, False, False, True]


def test_s23_secrets_do_not_pile_up_without_end(server: Server) -> None:
    _, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}/rotate"
    for _ in range(4):
        ok(server.call("POST", path, {"overlap_seconds": 600}))
    assert problem(server.call("POST", path, {"overlap_seconds": 600})) == (409, "wrong_state")
    ok(server.call("POST", path))


def test_s23_a_token_rotates_itself_and_keeps_its_end(server: Server) -> None:
    end = "2099-01-01T00:00:00Z"
    token, _ = server.token("self:rotate", expires_at=end)
    rotated = ok(server.call("POST", f"{V1}/self/rotate", {"overlap_seconds": 60}, token=token))
    assert rotated["credential"]["expires_at"] == end
    assert _lives(server, token, rotated["secret"]) == [True, True]
    refused = server.call("POST", f"{V1}/self/rotate", {"expires_at": None}, token=token)
    assert "expires_at" in _wrong(refused)


def test_s26_a_token_revokes_itself(server: Server) -> None:
    token, record = server.token("folders:list")
    ok(server.call("POST", f"{V1}/self/revoke", token=token), 204)
    assert problem(server.call("GET", WHOAMI, token=token)) == (401, "credential_revoked")
    assert _record(server, record["id"])["state"] == "revoked"


def test_s26_revoke_is_at_once_and_for_good(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}"
    assert _lives(server, token) == [True]
    assert ok(server.call("POST", f"{path}/revoke"))["state"] == "revoked"
    assert _lives(server, token) == [False]
    assert ok(server.call("POST", f"{path}/revoke"))["state"] == "revoked"
    for act in ("enable", "disable", "rotate"):
        assert problem(server.call("POST", f"{path}/{act}")) == (409, "wrong_state")
    assert problem(server.call("PATCH", path, {"description": ""})) == (409, "wrong_state")


def test_s26_disable_and_enable_are_at_once_and_may_be_said_twice(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}"
    for act, state, lives in (
        ("disable", "disabled", False),
        ("disable", "disabled", False),
        ("enable", "active", True),
        ("enable", "active", True),
    ):
        assert ok(server.call("POST", f"{path}/{act}"))["state"] == state
        assert _lives(server, token) == [lives]


def test_s26_the_state_is_told_by_record_and_filter_alike(server: Server) -> None:
    owner = application(server)["id"]
    made = {
        state: server.token("folders:list", owner_id=owner, **more)[1]["id"]
        for state, more in {
            "active": {},
            "expiring": {"expires_at": in_future(days=29)},
            "not_yet_valid": {"not_before": in_future(days=1)},
            "expired": {"expires_at": in_future(seconds=0.3)},
            "disabled": {},
            "revoked": {},
        }.items()
    }
    ok(server.call("POST", f"{CREDENTIALS}/{made['disabled']}/disable"))
    ok(server.call("POST", f"{CREDENTIALS}/{made['revoked']}/revoke"))
    _until(lambda: _record(server, made["expired"])["state"] == "expired")
    for state, id_ in made.items():
        found = ok(server.call("GET", f"{CREDENTIALS}?owner={owner}&state={state}"))["items"]
        assert [item["id"] for item in found] == [id_], state
        assert found[0]["state"] == state


def test_s26_the_last_use_is_told_with_when_where_and_by_what(server: Server) -> None:
    token, record = server.token("folders:list")
    assert record["last_used"] is None
    before = in_future()
    for source in ("127.0.7.1", "127.0.7.2"):
        agent = {"User-Agent": f"backup/{source[-1]}"}
        assert server.call("GET", WHOAMI, token=token, headers=agent, source=source).status == 200
    _until(lambda: _record(server, record["id"])["last_used"] is not None, 3)
    _until(lambda: _record(server, record["id"])["last_used"]["uses"] == 2, 3)
    used = _record(server, record["id"])["last_used"]
    assert (used["address"], used["agent"]) == ("127.0.7.2", "backup/2")
    assert before <= used["at"] <= in_future()


def test_s26_the_last_use_is_told_per_secret_and_refusals_are_no_use(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}"
    new = ok(server.call("POST", f"{path}/rotate", {"overlap_seconds": 600}))["secret"]
    assert _lives(server, new) == [True]
    assert server.call("GET", f"{V1}/owners", token=token).status == 403
    _until(lambda: _record(server, record["id"])["last_used"] is not None, 3)
    old, fresh = ok(server.call("GET", f"{path}/secrets"))["items"]
    assert old["last_used"] is None
    assert fresh["last_used"]["uses"] == 1


def test_f2_without_a_token_there_is_nothing(server: Server) -> None:
    answer = server.call("GET", WHOAMI, token=None)
    assert problem(answer) == (401, "missing_credential")
    assert "Token" in answer.headers["www-authenticate"]


def test_f11_the_scheme_token_is_spoken(server: Server) -> None:
    token, _ = server.token("folders:list")
    headers = {"Authorization": f"Token {token}"}
    assert server.call("GET", WHOAMI, token=None, headers=headers).status == 200


def _listed(server: Server, query: str) -> list[dict[str, Any]]:
    """Page through a list to its end."""
    found: list[dict[str, Any]] = []
    page = ""
    while True:
        answer = ok(server.call("GET", f"{CREDENTIALS}?{query}{page}"))
        found += answer["items"]
        if answer["next_page_token"] is None:
            return found
        page = f"&page_token={answer['next_page_token']}"


@pytest.mark.parametrize(
    "sort", ["name", "-name", "created_at", "-created_at", "expires_at", "-expires_at"]
)
def test_a_list_is_read_whole_in_each_order_while_others_write(server: Server, sort: str) -> None:
    owner = application(server)["id"]
    ends = [None, "2099-01-01T00:00:00Z", "2098-01-01T00:00:00Z", None, "2099-01-01T00:00:00Z"]
    made = [server.token("folders:list", owner_id=owner, expires_at=end)[1] for end in ends]
    found: list[dict[str, Any]] = []
    page = ""
    while True:
        path = f"{CREDENTIALS}?owner={owner}&sort={sort}&page_size=2{page}"
        answer = ok(server.call("GET", path))
        found += answer["items"]
        # Between two pages somebody issues one, changes one and deletes another's.
        server.token("folders:list", owner_id=owner, expires_at="2099-06-01T00:00:00Z")
        change = {"description": server.unique("changed")}
        ok(server.call("PATCH", f"{CREDENTIALS}/{made[0]['id']}", change))
        if answer["next_page_token"] is None or len(found) > 20:
            break
        page = f"&page_token={answer['next_page_token']}"
    ids = [item["id"] for item in found]
    assert len(ids) == len(set(ids)), "nothing is shown twice"
    assert {item["id"] for item in made} <= set(ids), "nothing that was there is left out"
    field = sort.removeprefix("-")
    shown = [item[field] for item in found]
    known = [value for value in shown if value is not None]
    assert known == sorted(known, reverse=sort.startswith("-"))
    assert shown == [*known, *[None] * (len(shown) - len(known))], "those without end come last"


def test_a_list_is_filtered_by_each_of_its_fields(server: Server) -> None:
    owner = application(server)["id"]
    word = server.unique("needle").replace(" ", "-")
    plain = server.token("folders:list", owner_id=owner)[1]["id"]
    named = server.token("folders:list", owner_id=owner, name=f"The {word.upper()}")[1]["id"]
    told = server.token("folders:list", owner_id=owner, description=f"a {word} too")[1]["id"]
    ending = server.token("folders:list", owner_id=owner, expires_at="2098-01-01T00:00:00Z")[1][
        "id"
    ]

    def ids(query: str) -> set[str]:
        return {item["id"] for item in _listed(server, f"{query}&page_size=200")}

    assert ids(f"owner={owner}") == {plain, named, told, ending}
    assert ids(f"q={word}") == {named, told}
    assert ids(f"owner={owner}&expires_before=2098-01-01T00:00:00Z") == set()
    assert ids(f"owner={owner}&expires_before=1970-01-01T00:00:00Z") == set()
    assert ids(f"owner={owner}&expires_before=2098-01-01T00:00:01Z") == {ending}
    assert ids(f"owner={owner}&last_used_before=2001-01-01T00:00:00Z") == {
        plain,
        named,
        told,
        ending,
    }
    assert ids(f"owner={owner}&kind=api_token") == {plain, named, told, ending}
    assert ids(f"owner={owner}&kind=api_key") == set()
    assert ids("owner=own_000000000000") == set()


def test_a_user_lists_his_own_tokens_alone(server: Server) -> None:
    owner = application(server, "user")["id"]
    token, record = server.token("credentials:list", "credentials:read", owner_id=owner)
    found = ok(server.call("GET", f"{CREDENTIALS}?page_size=200", token=token))["items"]
    assert [item["id"] for item in found] == [record["id"]]


def test_what_was_issued_is_what_is_read(server: Server) -> None:
    _, made = server.token(
        *ALL,
        description="whole",
        networks=["127.0.0.0/8"],
        expires_at="2099-01-01T00:00:00.123456Z",
        not_before="2001-01-01T00:00:00Z",
        metadata={"é": "世"},
    )
    assert json.dumps(_record(server, made["id"])) == json.dumps(made)
