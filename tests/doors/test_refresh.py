"""Row C22: a refresh gives a key a new id and a new secret; all else of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, application, ok, problem, told, unknown_token
from tests.doors.repeating import entries, keyed
from tests.doors.tokens import CREDENTIALS, create, lives, record_of

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.running import Served, Server


def key(server: Served, **more: object) -> tuple[str, dict[str, Any]]:
    wanted: dict[str, object] = {"kind": "api_key", "name": server.unique("key"), **more}
    made = ok(create(server, **wanted), 201)
    return made["secret"], made["credential"]


def test_c22_the_old_id_and_secrets_end_at_once(server: Server) -> None:
    first, record = key(server)
    path = f"{CREDENTIALS}/{record['id']}"
    second = ok(server.call("POST", f"{path}/rotate", {"overlap_seconds": 600}))["secret"]
    fresh = ok(server.call("POST", f"{path}/refresh"))
    assert fresh["credential"]["id"] != record["id"]
    assert fresh["secret"].startswith(fresh["credential"]["public_id"])
    assert lives(server, first, second, fresh["secret"]) == [False, False, True]
    assert problem(server.call("GET", f"{V1}/whoami", token=first)) == (401, "credential_revoked")
    assert told(server.call("GET", path)) == told(server.call("GET", f"{CREDENTIALS}/cred_gone"))


def test_c22_all_else_stays(server: Server) -> None:
    _, record = key(
        server,
        description="of the nightly job",
        networks=["127.0.0.0/8"],
        expires_at="2099-01-01T00:00:00Z",
        metadata={"team": "blue"},
        scopes=["folders:list", "accounts:list"],
    )
    fresh = ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/refresh"))["credential"]
    other = {name for name in record if record[name] != fresh[name]}
    assert other == {"id", "public_id", "modified_at", "last_refreshed_at", "secrets"}
    assert [secret["n"] for secret in fresh["secrets"]] == [1]
    assert record_of(server, fresh["id"]) == fresh


def test_c22_it_is_told_when_a_key_was_last_refreshed(clocked: Clocked) -> None:
    _, record = key(clocked)
    assert record["last_refreshed_at"] is None
    for at in (clocked.after(minutes=1), clocked.after(minutes=2)):
        clocked.set(at)
        record = ok(clocked.call("POST", f"{CREDENTIALS}/{record['id']}/refresh"))["credential"]
        assert (record["last_refreshed_at"], record["modified_at"]) == (at, at)
        assert record_of(clocked, record["id"]) == record
    path = f"{CREDENTIALS}/{record['id']}"
    ok(clocked.call("POST", f"{path}/rotate"))
    ok(clocked.call("PATCH", path, {"name": clocked.unique("key")}))
    assert record_of(clocked, record["id"])["last_refreshed_at"] == at


def test_c22_the_entry_links_the_new_key_to_the_old_one(server: Server) -> None:
    _, record = key(server)
    fresh = ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/refresh"))["credential"]
    (entry,) = entries(server, verb="credential.refresh", object=fresh["id"])
    assert entry["facts"] == {"refreshed_from": record["id"]}


def test_a_key_refreshes_itself_and_only_its_newest_secret_does(server: Server) -> None:
    old, record = key(server, scopes=["credentials:rotate"])
    path = f"{CREDENTIALS}/{record['id']}"
    new = ok(server.call("POST", f"{path}/rotate", {"overlap_seconds": 600}))["secret"]
    assert problem(server.call("POST", f"{path}/refresh", token=old)) == (409, "wrong_state")
    fresh = ok(server.call("POST", f"{path}/refresh", token=new))["secret"]
    assert lives(server, old, new, fresh) == [False, False, True]


@pytest.mark.parametrize("kind", ["api_token", "oauth_client"])
def test_nothing_but_a_key_has_an_id_to_be_replaced(server: Server, kind: str) -> None:
    record = ok(create(server, kind=kind), 201)["credential"]
    refused = server.call("POST", f"{CREDENTIALS}/{record['id']}/refresh")
    assert problem(refused) == (409, "wrong_state")


def test_a_key_that_is_over_is_not_refreshed(clocked: Clocked) -> None:
    end = clocked.after(hours=1)
    _, expired = key(clocked, expires_at=end)
    _, revoked = key(clocked)
    ok(clocked.call("POST", f"{CREDENTIALS}/{revoked['id']}/revoke"))
    clocked.set(end)
    for record in (expired, revoked):
        refused = clocked.call("POST", f"{CREDENTIALS}/{record['id']}/refresh")
        assert problem(refused) == (409, "wrong_state")
    rotated = {"expires_at": "2099-01-01T00:00:00Z"}
    ok(clocked.call("POST", f"{CREDENTIALS}/{expired['id']}/rotate", rotated))
    assert clocked.call("POST", f"{CREDENTIALS}/{expired['id']}/refresh").status == 200


def test_a_disabled_key_stays_disabled(server: Server) -> None:
    _, record = key(server)
    ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/disable"))
    fresh = ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/refresh"))
    assert fresh["credential"]["state"] == "disabled"
    assert lives(server, fresh["secret"]) == [False]


def test_nobody_is_handed_a_key_that_is_more_than_he_holds(server: Server) -> None:
    _, greater = key(server, scopes=["credentials:rotate", "secrets:read"])
    token, _ = server.token("credentials:rotate")
    refused = server.call("POST", f"{CREDENTIALS}/{greater['id']}/refresh", token=token)
    assert problem(refused) == (403, "insufficient_scope")
    owner = application(server, "user")
    stranger, _ = server.token("credentials:rotate", owner_id=owner["id"])
    refused = server.call("POST", f"{CREDENTIALS}/{greater['id']}/refresh", token=stranger)
    assert problem(refused) == (404, "not_found")
    assert record_of(server, greater["id"])["state"] == "active"
    missing = server.call("POST", f"{CREDENTIALS}/cred_000000000000/refresh", token=stranger)
    assert told(missing) == told(refused)


def test_a_lost_answer_is_told_again(server: Server) -> None:
    _, record = key(server)
    path = f"{CREDENTIALS}/{record['id']}/refresh"
    first, again = (server.call("POST", path, headers=keyed("refresh-1")) for _ in range(2))
    assert first.body == again.body
    assert lives(server, again.json()["secret"], unknown_token()) == [True, False]
