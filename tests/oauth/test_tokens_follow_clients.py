"""A token is never more than its client is now, in any process (row A19, Law 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clocked import Clocked
from tests.doors.cast import V1, application, member, ok
from tests.doors.registering import access, register
from tests.oauth.asking import SECURE_ACCESS, Client, ask, client, error, exchanged, key, whoami
from tests.running import Served, Server

Act = Callable[[Served, Client], None]


def _post(act: str) -> Act:
    return lambda server, made: ok(server.call("POST", f"{made.path}/{act}")) and None


def _delete(server: Served, made: Client) -> None:
    ok(server.call("DELETE", made.path), 204)


def _edit(**fields: object) -> Act:
    return lambda server, made: ok(server.call("PATCH", made.path, fields)) and None


def _disable_owner(server: Served, made: Client) -> None:
    owner = f"{V1}/owners/{made.record['owner']['id']}"
    ok(server.call("PATCH", owner, {"state": "disabled"}))


ACTS: dict[str, tuple[Act, int, str]] = {
    "revoked": (_post("revoke"), 401, "credential_revoked"),
    "disabled": (_post("disable"), 401, "credential_disabled"),
    "deleted": (_delete, 401, "credential_revoked"),
    "owner disabled": (_disable_owner, 401, "owner_disabled"),
    "narrowed": (_edit(scopes=["folders:list"]), 403, "insufficient_scope"),
    "bound to networks": (_edit(networks=["192.0.2.1"]), 403, "network_denied"),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_happens_to_the_client_happens_to_its_tokens_in_every_process(
    workers: Server, act: str
) -> None:
    do, status, code = ACTS[act]
    owner = application(workers, "user")
    made = client(workers, "accounts:list", "folders:list", owner_id=owner["id"])
    tokens = [exchanged(workers, made) for _ in range(3)]

    def used() -> set[tuple[int, str]]:
        # Often enough that every worker answers, each on a connection of its own.
        answers = [
            workers.call("GET", f"{V1}/accounts", token=token) for token in tokens for _ in range(8)
        ]
        return {(a.status, "" if a.status == 200 else a.code) for a in answers}

    assert used() == {(200, "")}
    do(workers, made)
    assert used() == {(status, code)}


def test_a_client_that_is_widened_again_widens_its_tokens_no_further_than_minted(
    server: Server,
) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    _edit(scopes=["folders:list"])(server, made)
    assert ok(whoami(server, token))["scopes"] == []
    _edit(scopes=["folders:list", "accounts:list"])(server, made)
    assert ok(whoami(server, token))["scopes"] == ["accounts:list"]


def test_a_client_that_is_enabled_again_has_its_tokens_again(server: Server) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    _post("disable")(server, made)
    assert whoami(server, token).status == 401
    _post("enable")(server, made)
    assert whoami(server, token).status == 200


def test_a_level_that_its_api_takes_away_is_taken_from_tokens(server: Server) -> None:
    api = register(server, scan="create read")
    made = client(server, access=[access(api, "scan:create", "scan:read")])
    token = exchanged(server, made)

    def scopes() -> list[str]:
        asked = {"token": token, "audience": api["identifier"]}
        return list(ok(server.call("POST", f"{V1}/verify", asked))["scopes"])

    assert scopes() == ["scan:create", "scan:read"]
    groups = [{"key": "all", "resources": [{"key": "scan", "actions": [{"key": "read"}]}]}]
    ok(server.call("PATCH", f"{V1}/apis/{api['id']}", {"groups": groups}))
    assert scopes() == ["scan:read"]


def test_an_owner_who_loses_a_role_takes_it_from_his_tokens(server: Server) -> None:
    owner_id, _ = member(server, "auditor")
    made = client(server, "audit:read", owner_id=owner_id)
    token = exchanged(server, made)
    assert server.call("GET", f"{V1}/audit/events", token=token).status == 200
    ok(server.call("PATCH", f"{V1}/owners/{owner_id}", {"roles": ["user"]}))
    assert server.call("GET", f"{V1}/audit/events", token=token).code == "insufficient_scope"


@pytest.mark.parametrize("make", [client, key])
def test_a_rotation_alone_ends_no_token(clocked: Clocked, make: Callable[..., Client]) -> None:
    made = make(clocked, "accounts:list")
    token = exchanged(clocked, made)
    rotated = ok(clocked.call("POST", f"{made.path}/rotate", {"overlap_seconds": 0}))
    assert error(ask(clocked, made)) == (401, "invalid_client")
    assert whoami(clocked, token).status == 200
    newer = Client(made.id, rotated["secret"], made.record)
    assert ask(clocked, newer).status == 200


def test_a_rotation_that_is_asked_to_ends_the_tokens_of_older_secrets(workers: Server) -> None:
    made = client(workers, "accounts:list")
    token = exchanged(workers, made)
    assert {whoami(workers, token).status for _ in range(8)} == {200}
    body = {"overlap_seconds": 60, "end_access_tokens": True}
    rotated = ok(workers.call("POST", f"{made.path}/rotate", body))
    assert {whoami(workers, token).status for _ in range(8)} == {401}
    newer = Client(made.id, rotated["secret"], made.record)
    after = exchanged(workers, newer)
    assert whoami(workers, after).status == 200


def test_a_token_ends_itself(server: Server) -> None:
    made = client(server, "accounts:list")
    token, other = exchanged(server, made), exchanged(server, made)
    ok(server.call("POST", f"{V1}/self/revoke", token=token), 204)
    assert whoami(server, token).code == "credential_revoked"
    assert whoami(server, other).status == 200


def test_a_token_rotates_nothing(server: Server) -> None:
    owner_id, _ = member(server, "user")
    made = client(server, "self:rotate", "accounts:list", owner_id=owner_id)
    token = exchanged(server, made)
    assert server.call("POST", f"{V1}/self/rotate", token=token).code == "insufficient_scope"


def test_what_a_token_makes_ends_no_later_than_itself(server: Server) -> None:
    made = client(server, "credentials:create", "accounts:list")
    token = exchanged(server, made)
    wanted: dict[str, Any] = {
        "kind": "api_token",
        "name": server.unique("token"),
        "scopes": ["accounts:list"],
        "expires_at": None,
    }
    answer = server.call("POST", f"{V1}/credentials", wanted, token=token)
    assert (answer.status, answer.code) == (403, "insufficient_scope")


def test_past_the_cap_the_oldest_end(clocked: Clocked) -> None:
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": 3}))
    made = client(clocked, "accounts:list")
    tokens = [exchanged(clocked, made) for _ in range(5)]
    assert [whoami(clocked, token).status for token in tokens] == [401, 401, 200, 200, 200]
    assert whoami(clocked, tokens[0]).code == "credential_revoked"
    other = client(clocked, "accounts:list")
    assert whoami(clocked, exchanged(clocked, other)).status == 200
    assert whoami(clocked, tokens[2]).status == 200, "each client has a cap of its own"
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": 1}))
    last = exchanged(clocked, made)
    assert [whoami(clocked, token).status for token in (*tokens, last)] == [401] * 5 + [200]
    events = ok(clocked.call("GET", f"{V1}/audit/events?verb=oauth.issue&page_size=1"))["items"]
    assert events[0]["facts"]["ended"] == 3
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": None}))
    many = [exchanged(clocked, made) for _ in range(4)]
    assert {whoami(clocked, token).status for token in many} == {200}


def test_under_the_secure_access_path_a_key_is_given_twenty_a_minute(clocked: Clocked) -> None:
    made, other = key(clocked, "accounts:list"), key(clocked, "accounts:list")
    for _ in range(20):
        assert ask(clocked, made, path=SECURE_ACCESS).status == 200
        clocked.set(clocked.after(seconds=1))
    refused = ask(clocked, made, path=SECURE_ACCESS)
    assert error(refused) == (429, "temporarily_unavailable")
    assert refused.headers["retry-after"] == "40"
    assert ask(clocked, other, path=SECURE_ACCESS).status == 200
    assert ask(clocked, made).status == 200, "the other path has no such bound"
    clocked.set(clocked.after(seconds=41))
    again = [ask(clocked, made, path=SECURE_ACCESS).status for _ in range(3)]
    assert again == [200, 200, 429], "two are more than a minute ago, those of the other path aside"


def test_tokens_that_were_ended_count_as_given(clocked: Clocked) -> None:
    made = key(clocked, "accounts:list")
    for _ in range(20):
        token = ask(clocked, made, path=SECURE_ACCESS).json()["access_token"]
        ok(clocked.call("POST", f"{V1}/self/revoke", token=token), 204)
    assert ask(clocked, made, path=SECURE_ACCESS).status == 429
    refused = ok(clocked.call("GET", f"{V1}/audit/events?credential={made.record['id']}"))["items"]
    assert refused[-1]["rule"] == "rate_limited", "a refusal of one that is known is entered"


def test_what_has_ended_by_itself_takes_no_place_under_the_cap(clocked: Clocked) -> None:
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": 3}))
    lasting, brief = (register(clocked, token_seconds=seconds) for seconds in (86_400, 60))
    made = client(clocked, access=[access(lasting, "scan:read"), access(brief, "scan:read")])
    kept = exchanged(clocked, made, [("resource", lasting["identifier"])])
    for _ in range(4):
        exchanged(clocked, made, [("resource", brief["identifier"])])
        clocked.set(clocked.after(seconds=61))
    asked = {"token": kept, "audience": lasting["identifier"]}
    assert ok(clocked.call("POST", f"{V1}/verify", asked))["code"] == "VALID"
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": None}))


def test_who_asks_too_often_is_named(clocked: Clocked) -> None:
    owner_id, token = member(clocked, "user")
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": 2}))
    made = client(clocked, "accounts:list", owner_id=owner_id)
    for _ in range(5):
        exchanged(clocked, made)
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": None}))

    def named(token: str = "") -> list[tuple[str, int]]:
        found = ok(clocked.call("GET", f"{V1}/credentials/summary", token=token))["too_often"]
        return [(each["credential"]["id"], each["ended"]) for each in found]

    assert named(token) == [(made.record["id"], 3)]
    assert (made.record["id"], 3) in named()
    _, other = member(clocked, "user")
    assert named(other) == []
    clocked.set(clocked.after(days=2))
    assert named() == []
