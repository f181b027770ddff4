"""Nobody rises: not by issuing, not by editing, not by managing, not by moving."""

from __future__ import annotations

import pytest

from tests.doors.cast import ALL, V1, application, member, ok, problem, told, user
from tests.running import Answer, Server


def _issue(server: Server, token: str, **wanted: object) -> Answer:
    body = {"kind": "api_token", "name": server.unique("issued"), "expires_at": None, **wanted}
    return server.call("POST", f"{V1}/credentials", body, token=token)


def test_a_token_issues_nothing_that_holds_more_than_itself(server: Server) -> None:
    token, _ = server.token("credentials:create", "accounts:read")
    for more in ({"scopes": ["secrets:read"]}, {"levels": {"accounts": "read"}}):
        assert problem(_issue(server, token, **more)) == (403, "insufficient_scope")
    assert _issue(server, token, scopes=["accounts:read"]).status == 201


@pytest.mark.parametrize(
    ("scope", "method", "suffix", "body"),
    [
        ("credentials:edit", "PATCH", "", {"description": "mine"}),
        ("credentials:edit", "PATCH", "", {"networks": []}),
        ("credentials:rotate", "POST", "/rotate", None),
        ("credentials:revoke", "POST", "/enable", None),
    ],
)
def test_a_token_neither_changes_nor_takes_over_one_that_holds_more(
    server: Server, scope: str, method: str, suffix: str, body: object
) -> None:
    token, _ = server.token(scope)
    _, greater = server.token(scope, "secrets:read")
    if suffix == "/enable":
        ok(server.call("POST", f"{V1}/credentials/{greater['id']}/disable"))
    path = f"{V1}/credentials/{greater['id']}{suffix}"
    refused = server.call(method, path, body, token=token)
    assert problem(refused) == (403, "insufficient_scope")
    _, equal = server.token(scope)
    path = f"{V1}/credentials/{equal['id']}{suffix}"
    assert server.call(method, path, body, token=token).status == 200


def test_a_token_widens_neither_itself_nor_another_beyond_what_it_holds(server: Server) -> None:
    token, record = server.token("credentials:edit")
    _, other = server.token("credentials:edit")
    for id_ in (record["id"], other["id"]):
        wider = {"scopes": ["credentials:edit", "secrets:read"]}
        refused = server.call("PATCH", f"{V1}/credentials/{id_}", wider, token=token)
        assert problem(refused) == (403, "insufficient_scope")


def test_a_level_is_given_by_an_administrator_or_by_who_holds_it(server: Server) -> None:
    wanted: dict[str, object] = {"levels": {"accounts": "read"}, "scopes": []}
    boss, singly = member(server, "manager")
    assert problem(_issue(server, singly, **wanted)) == (403, "insufficient_scope"), "it would grow"
    of_boss, record = server.token(*ALL, levels={"accounts": "write"}, owner_id=boss)
    assert _issue(server, of_boss, **wanted).status == 201
    bounded, _ = server.token("credentials:create", "folders:list")
    assert problem(_issue(server, bounded, **wanted)) == (403, "insufficient_scope")
    assert _issue(server, server.admin_token, **wanted).status == 201
    path = f"{V1}/credentials/{record['id']}"
    ok(server.call("POST", f"{path}/disable"))
    for method, suffix, body in (
        ("PATCH", "", {"description": "taken"}),
        ("POST", "/rotate", None),
        ("POST", "/enable", None),
    ):
        refused = server.call(method, path + suffix, body, token=singly)
        assert problem(refused) == (403, "insufficient_scope"), suffix or method
    _, plain = server.token("folders:list", owner_id=boss)
    wider = {"scopes": ["folders:list"], "levels": {"accounts": "read"}}
    for token, status in ((singly, 403), (server.admin_token, 200)):
        changed = server.call("PATCH", f"{V1}/credentials/{plain['id']}", wider, token=token)
        assert changed.status == status, changed.body


def test_a_weak_token_may_still_revoke_a_strong_one(server: Server) -> None:
    token, _ = server.token("credentials:revoke")
    _, strong = server.token(*ALL)
    path = f"{V1}/credentials/{strong['id']}/revoke"
    assert ok(server.call("POST", path, token=token))["state"] == "revoked"


def test_nobody_but_a_user_himself_is_handed_his_credential(server: Server) -> None:
    somebody = user(server, "user")
    refused = _issue(server, server.admin_token, scopes=["folders:list"], owner_id=somebody["id"])
    assert problem(refused) == (403, "insufficient_scope")


def test_an_owner_that_does_not_exist_is_refused_as_one_that_may_not_be_issued_for(
    server: Server,
) -> None:
    somebody = user(server)["id"]
    answers = {
        told(_issue(server, server.admin_token, scopes=["folders:list"], owner_id=id_))
        for id_ in (somebody, "own_000000000000")
    }
    assert len(answers) == 1


def test_a_manager_manages_his_applications_and_no_others(server: Server) -> None:
    _, boss = member(server, "manager")
    made = server.call(
        "POST", f"{V1}/owners", {"kind": "application", "name": server.unique("his")}, token=boss
    )
    his = ok(made, 201)["id"]
    assert _issue(server, boss, scopes=["folders:list"], owner_id=his).status == 201
    others = application(server)["id"]
    refused = _issue(server, boss, scopes=["folders:list"], owner_id=others)
    assert problem(refused) == (403, "insufficient_scope")
    read = server.call("GET", f"{V1}/owners/{others}", token=boss)
    assert problem(read) == (404, "not_found")
    listed = ok(server.call("GET", f"{V1}/owners?page_size=200", token=boss))["items"]
    assert others not in {owner["id"] for owner in listed}
    assert his in {owner["id"] for owner in listed}


def test_a_manager_gives_no_roles_and_adds_no_users(server: Server) -> None:
    _, boss = member(server, "manager")
    name = server.unique("wanted")
    for wanted in (
        {"kind": "application", "name": name, "roles": ["administrator"]},
        {"kind": "user", "name": name, "login": name},
        {"kind": "application", "name": name, "managed_by": application(server)["id"]},
    ):
        refused = server.call("POST", f"{V1}/owners", wanted, token=boss)
        assert problem(refused) == (403, "insufficient_scope")
    own = ok(server.call("GET", f"{V1}/whoami", token=boss))["owner"]["id"]
    refused = server.call("PATCH", f"{V1}/owners/{own}", {"roles": ["administrator"]}, token=boss)
    assert problem(refused) == (403, "insufficient_scope")


def test_a_manager_does_not_act_through_an_application_that_is_more_than_he_is(
    server: Server,
) -> None:
    _, boss = member(server, "manager")
    made = server.call(
        "POST", f"{V1}/owners", {"kind": "application", "name": server.unique("his")}, token=boss
    )
    his = ok(made, 201)["id"]
    live = ok(_issue(server, boss, scopes=["folders:list"], owner_id=his), 201)["credential"]
    for role in ("administrator", "auditor"):
        ok(server.call("PATCH", f"{V1}/owners/{his}", {"roles": [role]}))
        refused = _issue(server, boss, scopes=["audit:read"], owner_id=his)
        assert problem(refused) == (403, "insufficient_scope")
        rotated = server.call("POST", f"{V1}/credentials/{live['id']}/rotate", token=boss)
        assert problem(rotated) == (403, "insufficient_scope")


def test_a_user_shares_only_what_he_manages(server: Server) -> None:
    owner_id, token = member(server, "user")
    folder = server.folder(grants=[{"owner_id": owner_id, "right": "user"}])
    mine = {"grants": [{"owner_id": owner_id, "right": "manager"}]}
    refused = server.call("PATCH", f"{V1}/folders/{folder['id']}", mine, token=token)
    assert problem(refused) == (404, "not_found")
    top = server.call("POST", f"{V1}/folders", {"name": server.unique("top")}, token=token)
    assert problem(top) == (403, "insufficient_scope")


def test_an_account_is_moved_only_where_both_ends_are_managed(server: Server) -> None:
    owner_id, token = member(server, "user")
    managed = server.folder(grants=[{"owner_id": owner_id, "right": "manager"}])
    used = server.folder(grants=[{"owner_id": owner_id, "right": "user"}])
    inside, outside = server.account(managed["id"]), server.account(used["id"])
    for account, there in ((inside, used), (outside, managed)):
        path = f"{V1}/accounts/{account['id']}"
        refused = server.call("PATCH", path, {"folder_id": there["id"]}, token=token)
        assert problem(refused) == (404, "not_found")


def test_a_folder_is_moved_only_where_both_ends_are_managed(server: Server) -> None:
    owner_id, token = member(server, "user")
    managed = server.folder(grants=[{"owner_id": owner_id, "right": "manager"}])
    used = server.folder(grants=[{"owner_id": owner_id, "right": "user"}])
    for folder, there in ((managed, used), (used, managed)):
        path = f"{V1}/folders/{folder['id']}"
        refused = server.call("PATCH", path, {"parent_id": there["id"]}, token=token)
        assert problem(refused) == (404, "not_found")
    out = server.call("PATCH", f"{V1}/folders/{managed['id']}", {"parent_id": None}, token=token)
    assert out.status == 200, "it is at the top already"


def test_a_secret_that_retires_makes_nothing_that_outlives_it(server: Server) -> None:
    token, record = server.token("credentials:create", "accounts:list")
    path = f"{V1}/credentials/{record['id']}/rotate"
    fresh = ok(server.call("POST", path, {"overlap_seconds": 600}))["secret"]
    refused = _issue(server, token, scopes=["accounts:list"])
    assert problem(refused) == (403, "insufficient_scope")
    assert refused.headers["keystead-credential-expires"], "it is told its own end"
    assert _issue(server, fresh, scopes=["accounts:list"]).status == 201
