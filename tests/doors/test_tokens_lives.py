"""What becomes of a token: its end, edits, rotations, and how it is taken away."""

from __future__ import annotations

from typing import Any

from tests.clocked import Clocked
from tests.doors.cast import V1, in_future, ok, problem
from tests.doors.tokens import CREDENTIALS, WHOAMI, create, lives, record_of, wrong
from tests.running import Server


def test_s13_an_end_is_exclusive_and_holds_to_the_microsecond(clocked: Clocked) -> None:
    end = clocked.after(hours=1)
    token, record = clocked.token("folders:list", expires_at=end)
    clocked.set(end, microseconds=-1)
    assert lives(clocked, token) == [True]
    clocked.set(end)
    refused = clocked.call("GET", WHOAMI, token=token)
    assert problem(refused) == (401, "credential_expired")
    assert "generated" in refused.json()["detail"]
    assert record_of(clocked, record["id"])["state"] == "expired"


def test_s21_a_deleted_token_is_refused_at_once_and_gone(server: Server) -> None:
    token, record = server.token("folders:list")
    assert lives(server, token) == [True]
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


def test_s22_an_edit_extends_the_end_before_it_has_come(clocked: Clocked) -> None:
    soon = clocked.after(hours=1)
    token, record = clocked.token("folders:list", expires_at=soon)
    path = f"{CREDENTIALS}/{record['id']}"
    clocked.set(soon, microseconds=-1)
    edited = ok(clocked.call("PATCH", path, {"expires_at": "2099-01-01T00:00:00Z"}))
    assert edited["expires_at"] == "2099-01-01T00:00:00Z"
    clocked.set(soon, seconds=1)
    answer = clocked.call("GET", WHOAMI, token=token)
    assert answer.status == 200
    assert answer.headers["keystead-credential-expires"] == "2099-01-01T00:00:00Z"


def test_s22_an_expired_token_is_not_revived_by_an_edit_but_by_a_rotation(clocked: Clocked) -> None:
    end = clocked.after(hours=1)
    token, record = clocked.token("folders:list", expires_at=end)
    clocked.set(end)
    path = f"{CREDENTIALS}/{record['id']}"
    later = {"expires_at": "2099-01-01T00:00:00Z"}
    assert problem(clocked.call("PATCH", path, later)) == (409, "wrong_state")
    assert problem(clocked.call("PATCH", path, {"expires_at": None})) == (409, "wrong_state")
    assert ok(clocked.call("PATCH", path, {"description": "ended"}))["state"] == "expired"
    assert problem(clocked.call("POST", f"{path}/rotate")) == (409, "wrong_state")
    revived = ok(clocked.call("POST", f"{path}/rotate", later))
    assert revived["credential"]["state"] == "active"
    assert lives(clocked, token, revived["secret"]) == [False, True]


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
        assert lives(server, token) == [True]
        ok(server.call("PATCH", path, change))
        assert problem(server.call("GET", WHOAMI, token=token))[1] == code
        ok(server.call("PATCH", path, {"networks": [], "not_before": None}))
    assert lives(server, token) == [True]


def test_s23_a_rotation_without_overlap_ends_the_old_secret_at_once(server: Server) -> None:
    token, record = server.token("folders:list")
    rotated = ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/rotate"))
    assert rotated["credential"]["id"] == record["id"]
    assert rotated["secret"].startswith(record["public_id"])
    assert lives(server, token, rotated["secret"]) == [False, True]
    refused = server.call("GET", WHOAMI, token=token)
    assert problem(refused) == (401, "credential_revoked")


def test_s23_a_rotation_with_overlap_leaves_both_until_the_instant_it_named(
    clocked: Clocked,
) -> None:
    token, record = clocked.token("folders:list")
    rotated = ok(
        clocked.call("POST", f"{CREDENTIALS}/{record['id']}/rotate", {"overlap_seconds": 60})
    )
    old, new = rotated["credential"]["secrets"]
    assert (old["n"], old["state"], new["n"], new["state"]) == (1, "retiring", 2, "live")
    assert old["retires_at"] == clocked.after(seconds=60)
    clocked.set(old["retires_at"], microseconds=-1)
    assert lives(clocked, token, rotated["secret"]) == [True, True]
    clocked.set(old["retires_at"])
    assert lives(clocked, token, rotated["secret"]) == [False, True]
    secrets = ok(clocked.call("GET", f"{CREDENTIALS}/{record['id']}/secrets"))["items"]
    assert [secret["state"] for secret in secrets] == ["retired", "live"]


def test_s23_a_second_rotation_at_once_ends_every_older_secret(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}/rotate"
    second = ok(server.call("POST", path, {"overlap_seconds": 600}))["secret"]
    third = ok(server.call("POST", path, {"overlap_seconds": 60}))["secret"]
    assert lives(server, token, second, third) == [True, True, True]
    fourth = ok(server.call("POST", path))["secret"]
    assert lives(server, token, second, third, fourth) == [False, False, False, True]


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
    assert lives(server, token, rotated["secret"]) == [True, True]
    refused = server.call("POST", f"{V1}/self/rotate", {"expires_at": None}, token=token)
    assert "expires_at" in wrong(refused)


def test_s26_a_token_revokes_itself(server: Server) -> None:
    token, record = server.token("folders:list")
    ok(server.call("POST", f"{V1}/self/revoke", token=token), 204)
    assert problem(server.call("GET", WHOAMI, token=token)) == (401, "credential_revoked")
    assert record_of(server, record["id"])["state"] == "revoked"


def test_s26_revoke_is_at_once_and_for_good(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}"
    assert lives(server, token) == [True]
    assert ok(server.call("POST", f"{path}/revoke"))["state"] == "revoked"
    assert lives(server, token) == [False]
    assert ok(server.call("POST", f"{path}/revoke"))["state"] == "revoked"
    for act in ("enable", "disable", "rotate"):
        assert problem(server.call("POST", f"{path}/{act}")) == (409, "wrong_state")
    assert problem(server.call("PATCH", path, {"description": ""})) == (409, "wrong_state")


def test_s26_disable_and_enable_are_at_once_and_may_be_said_twice(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}"
    for act, state, good in (
        ("disable", "disabled", False),
        ("disable", "disabled", False),
        ("enable", "active", True),
        ("enable", "active", True),
    ):
        assert ok(server.call("POST", f"{path}/{act}"))["state"] == state
        assert lives(server, token) == [good]


def test_what_expired_while_it_was_off_is_not_revived_by_an_edit(clocked: Clocked) -> None:
    end = clocked.after(hours=1)
    made = ok(create(clocked, expires_at=end), 201)
    path = f"{CREDENTIALS}/{made['credential']['id']}"
    ok(clocked.call("POST", f"{path}/disable"))
    clocked.set(end)
    for verb, where, body in (
        ("PATCH", path, {"expires_at": None}),
        ("POST", f"{path}/rotate", {}),
    ):
        assert problem(clocked.call(verb, where, body)) == (409, "wrong_state")
    ok(clocked.call("POST", f"{path}/rotate", {"expires_at": clocked.after(hours=1)}))
    ok(clocked.call("POST", f"{path}/enable"))
    assert lives(clocked, made["secret"]) == [False]


def test_a7_a_token_past_its_end_lives_on_with_a_new_secret_alone(clocked: Clocked) -> None:
    end = clocked.after(hours=1)
    token, record = clocked.token("folders:list", "self:rotate", expires_at=end)
    path = f"{CREDENTIALS}/{record['id']}"
    clocked.set(end)
    for asked in (("GET", WHOAMI), ("GET", f"{V1}/folders"), ("POST", f"{V1}/self/rotate")):
        refused = clocked.call(*asked, token=token)
        assert problem(refused) == (401, "credential_expired")
    # Neither an edit nor any other change of it makes that secret good again.
    for wish in ({"expires_at": clocked.after(hours=1)}, {"expires_at": None}):
        assert problem(clocked.call("PATCH", path, wish)) == (409, "wrong_state")
    for act in ("disable", "enable"):
        clocked.call("POST", f"{path}/{act}")
    assert lives(clocked, token) == [False]
    wish = {"expires_at": clocked.after(hours=1)}
    renewed = ok(clocked.call("POST", f"{path}/rotate", wish))
    assert renewed["secret"] != token
    assert renewed["credential"]["id"] == record["id"], "it is the same token, by another secret"
    assert lives(clocked, token, renewed["secret"]) == [False, True]
