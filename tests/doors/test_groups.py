"""Groups: owners who are given rights together."""

from __future__ import annotations

import json
from threading import Barrier, Thread
from typing import Any

import pytest

from tests.doors.cast import V1, application, member, ok, path_of, problem, told, user
from tests.features.asking import field_errors
from tests.running import Server

GROUPS = f"{V1}/groups"


def new_group(server: Server, *members: str, **more: object) -> dict[str, Any]:
    wanted = {"name": server.unique("group"), "members": list(members), **more}
    return dict(ok(server.call("POST", GROUPS, wanted), 201))


def edit(server: Server, group: dict[str, Any], **change: object) -> dict[str, Any]:
    return dict(ok(server.call("PATCH", f"{GROUPS}/{group['id']}", change)))


def grant(group: dict[str, Any], right: str) -> dict[str, str]:
    return {"group_id": group["id"], "right": right}


def value_of(server: Server, account: dict[str, Any], token: str) -> int:
    return server.call("GET", f"{V1}/accounts/{account['id']}/secret", token=token).status


def test_who_may_not_edit_folders_lets_nobody_into_them_by_a_group(server: Server) -> None:
    group, owner = new_group(server), application(server, "user")["id"]
    bare, _ = server.token("owners:edit", "secrets:read")
    whole, _ = server.token("owners:edit", "folders:edit")
    path, added = f"{GROUPS}/{group['id']}", {"add_members": [owner]}
    taken = {"remove_members": [owner]}
    ok(server.call("PATCH", path, added, token=bare))
    ok(server.call("PATCH", path, taken, token=bare))
    server.folder(grants=[grant(group, "user")])
    refused = server.call("PATCH", path, added, token=bare)
    assert problem(refused) == (403, "insufficient_scope")
    ok(server.call("PATCH", path, added, token=whole))
    ok(server.call("PATCH", path, taken, token=bare))


def test_a_group_is_made_read_renamed_and_deleted(server: Server) -> None:
    person, app = user(server)["id"], application(server)["id"]
    made = new_group(server, person, app, person)
    assert made["members"] == sorted([person, app])
    assert made["id"].startswith("grp_")
    path = f"{GROUPS}/{made['id']}"
    assert ok(server.call("GET", path)) == made
    name = server.unique("renamed")
    after = edit(server, made, name=f"  {name} ")
    assert (after["name"], after["members"]) == (name, made["members"])
    assert after["modified_at"] > made["modified_at"]
    ok(server.call("DELETE", path), 204)
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        assert problem(server.call(method, path, body)) == (404, "not_found")
    assert new_group(server, name=name)["members"] == []


def test_members_are_replaced_whole_or_come_and_leave(server: Server) -> None:
    a, b, c = (str(application(server)["id"]) for _ in range(3))
    group = new_group(server, a)
    assert edit(server, group, members=[b, c])["members"] == sorted([b, c])
    assert edit(server, group, add_members=[a], remove_members=[b])["members"] == sorted([a, c])
    assert edit(server, group, add_members=[a])["members"] == sorted([a, c]), "he is in it already"
    assert edit(server, group, remove_members=[b])["members"] == sorted([a, c])
    assert edit(server, group, members=[])["members"] == []


def test_what_comes_and_leaves_at_once_is_not_lost(server: Server) -> None:
    apps = [str(application(server)["id"]) for _ in range(6)]
    group, start = new_group(server), Barrier(6)

    def add(app: str) -> None:
        start.wait()
        edit(server, group, add_members=[app])

    threads = [Thread(target=add, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ok(server.call("GET", f"{GROUPS}/{group['id']}"))["members"] == sorted(apps)


def test_a_name_is_taken_once(server: Server) -> None:
    name = server.unique("Straße")
    new_group(server, name=name)
    taken = {"name": name.upper()}
    assert problem(server.call("POST", GROUPS, taken)) == (409, "name_taken")
    other = f"{GROUPS}/{new_group(server)['id']}"
    assert problem(server.call("PATCH", other, taken)) == (409, "name_taken")


def test_every_wrong_field_is_named_at_once(server: Server) -> None:
    app, group = application(server)["id"], new_group(server)
    wanted = {"name": "", "members": [app, "own_000000000000", group["id"], "nobody"]}
    assert field_errors(server.call("POST", GROUPS, wanted)) == {
        "name", "members[1]", "members[2]", "members[3]",
    }  # fmt: skip
    path = f"{GROUPS}/{group['id']}"
    for change, fields in (
        ({"members": [app], "add_members": [], "remove_members": []}, {"add_members", "remove_members"}),
        ({"add_members": [app, "x"], "remove_members": [app]}, {"add_members[1]", "remove_members[0]"}),
        ({"member": []}, {"member"}),
        ({"members": app}, {"members"}),
    ):  # fmt: skip
        assert field_errors(server.call("PATCH", path, change)) == fields, change
    assert field_errors(server.call("POST", GROUPS, {})) == {"name"}


def test_a_group_has_at_most_a_thousand_members(server: Server) -> None:
    too_many = {"name": server.unique("group"), "members": ["own_000000000000"] * 1001}
    assert field_errors(server.call("POST", GROUPS, too_many)) == {"members"}


def test_groups_are_found_by_name_and_by_member(server: Server) -> None:
    mark, app = server.unique("found"), application(server)["id"]
    first, second = new_group(server, app, name=f"{mark} b"), new_group(server, name=f"{mark} A")

    def found(query: str) -> list[str]:
        return [g["id"] for g in ok(server.call("GET", f"{GROUPS}?{query}"))["items"]]

    assert found(f"q={path_of(mark.upper())}") == [second["id"], first["id"]]
    assert found(f"member_id={app}") == [first["id"]]
    assert found("member_id=own_000000000000") == []
    page = ok(server.call("GET", f"{GROUPS}?q={path_of(mark)}&page_size=1"))
    rest = f"{GROUPS}?q={path_of(mark)}&page_size=1&page_token={page['next_page_token']}"
    assert [g["id"] for g in ok(server.call("GET", rest))["items"]] == [first["id"]]


def test_an_owner_has_the_highest_of_his_own_right_and_his_groups(server: Server) -> None:
    owner_id, token = member(server, "user")
    viewers, users = new_group(server, owner_id), new_group(server, owner_id)
    above = server.folder(grants=[grant(viewers, "viewer")])
    folder = server.folder(parent_id=above["id"])
    account = server.account(folder["id"])
    assert value_of(server, account, token) == 404
    path = f"{V1}/folders/{folder['id']}"
    ok(server.call("PATCH", path, {"grants": [grant(users, "user"), grant(viewers, "viewer")]}))
    assert value_of(server, account, token) == 200
    own = {"owner_id": owner_id, "right": "viewer"}
    ok(server.call("PATCH", path, {"grants": [grant(users, "manager"), own]}))
    written = server.call(
        "PUT", f"{V1}/accounts/{account['id']}/secret", {"fields": {"password": "q"}}, token=token
    )
    assert written.status == 200
    edit(server, users, remove_members=[owner_id])
    assert value_of(server, account, token) == 404
    assert server.call("GET", path, token=token).status == 200, "his own right is left"


def test_a_group_gives_nobody_a_value_whose_role_reaches_none(server: Server) -> None:
    owner_id, token = member(server, "auditor")
    group = new_group(server, owner_id)
    account = server.account(server.folder(grants=[grant(group, "manager")])["id"])
    assert value_of(server, account, token) == 403


def test_grants_name_owners_and_groups_side_by_side(server: Server) -> None:
    app, group = application(server)["id"], new_group(server)
    grants = [{"owner_id": app, "right": "viewer"}, grant(group, "user")]
    folder = server.folder(grants=grants)
    assert [g for g in folder["grants"] if g in grants] == [grants[1], grants[0]], "by id"
    for grants, field in (
        ([{"group_id": group["id"], "owner_id": app, "right": "user"}], "grants[0].group_id"),
        ([{"right": "user"}], "grants[0].owner_id"),
        ([{"owner_id": group["id"], "right": "user"}], "grants[0].owner_id"),
        ([grant(group, "user"), {"group_id": app, "right": "user"}], "grants[1].group_id"),
        ([{"group_id": "grp_000000000000", "right": "user"}], "grants[0].group_id"),
        ([grant(group, "user"), grant(group, "viewer")], "grants[1].group_id"),
    ):
        refused = server.call("PATCH", f"{V1}/folders/{folder['id']}", {"grants": grants})
        assert field_errors(refused) == {field}, grants


def test_a_deleted_group_is_in_no_folder_s_grants(server: Server) -> None:
    group = new_group(server)
    folder = server.folder(grants=[grant(group, "user")])
    ok(server.call("DELETE", f"{GROUPS}/{group['id']}"), 204)
    grants = ok(server.call("GET", f"{V1}/folders/{folder['id']}"))["grants"]
    assert [g for g in grants if "group_id" in g] == []
    again = {"grants": [grant(group, "user")]}
    refused = server.call("PATCH", f"{V1}/folders/{folder['id']}", again)
    assert field_errors(refused) == {"grants[0].group_id"}


def test_only_an_administrator_changes_groups(server: Server) -> None:
    owner_id, boss = member(server, "manager")
    group = new_group(server, owner_id)
    path = f"{GROUPS}/{group['id']}"
    for method, where, body in (
        ("POST", GROUPS, {"name": server.unique("mine"), "members": []}),
        ("PATCH", path, {"add_members": [owner_id]}),
        ("PATCH", f"{GROUPS}/grp_000000000000", {"name": "x"}),
        ("DELETE", path, None),
    ):
        refused = server.call(method, where, body, token=boss)
        assert problem(refused) == (403, "insufficient_scope")
    assert ok(server.call("GET", path)) == group


def test_a_manager_sees_the_groups_of_his_own_and_no_others_in_them(server: Server) -> None:
    owner_id, boss = member(server, "manager")
    wanted = {"kind": "application", "name": server.unique("his")}
    his = ok(server.call("POST", f"{V1}/owners", wanted, token=boss), 201)["id"]
    stranger = application(server)["id"]
    seen, hidden = new_group(server, his, stranger, owner_id), new_group(server, stranger)
    read = server.call("GET", f"{GROUPS}/{seen['id']}", token=boss)
    assert ok(read)["members"] == sorted([his, owner_id])
    listed = ok(server.call("GET", f"{GROUPS}?page_size=200", token=boss))["items"]
    assert [(g["id"], g["members"]) for g in listed] == [(seen["id"], sorted([his, owner_id]))]
    asked = server.call("GET", f"{GROUPS}?member_id={stranger}", token=boss)
    assert [g["id"] for g in ok(asked)["items"]] == []
    answers = {
        told(server.call("GET", f"{GROUPS}/{id_}", token=boss))
        for id_ in (hidden["id"], "grp_000000000000")
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


@pytest.mark.parametrize("role", ["user", "none"])
def test_a_user_s_scopes_reach_no_group(server: Server, role: str) -> None:
    _, token = member(server, *([] if role == "none" else [role]))
    assert problem(server.call("GET", GROUPS, token=token)) == (403, "insufficient_scope")


def test_who_came_and_who_left_stands_in_the_audit(server: Server) -> None:
    a, b = (str(application(server)["id"]) for _ in range(2))
    group = new_group(server, a)
    edit(server, group, add_members=[b], remove_members=[a])
    ok(server.call("DELETE", f"{GROUPS}/{group['id']}"), 204)
    exported = server.call("GET", f"{V1}/audit/export?format=jsonl").body.splitlines()[:-1]
    events = [json.loads(line)["entry"]["event"] for line in exported]
    mine = [e for e in events if e["object"] and e["object"]["id"] == group["id"]]
    assert [(e["verb"], e["facts"]) for e in mine] == [
        ("group.create", {"members": 1, "added": a}),
        ("group.edit", {"members": 1, "added": b, "removed": a}),
        ("group.delete", {"members": 0, "removed": b}),
    ]
