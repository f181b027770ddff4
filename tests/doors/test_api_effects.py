"""Before and after a change of a catalogue one sees for whom it matters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.cast import V1, application, member, ok
from tests.doors.registering import (
    APIS,
    KEYSTEAD,
    access,
    catalogue,
    edit,
    entry_of,
    given,
    register,
)
from tests.running import Server

BEFORE = catalogue(scan="read create list", team="read")
AFTER = catalogue(scan="read edit list", run="start")


def named(effect: dict[str, Any]) -> dict[str, tuple[list[str], list[str]]]:
    return {each["id"]: (each["gains"], each["loses"]) for each in effect["items"]}


def counts(effect: dict[str, Any]) -> tuple[int, int, int, bool]:
    return effect["credentials"], effect["gaining"], effect["losing"], effect["complete"]


@pytest.fixture
def api(server: Server) -> dict[str, Any]:
    return register(server, groups=BEFORE)


def holders(server: Server, api: dict[str, Any]) -> list[dict[str, Any]]:
    """Give four tokens access: by a level, singly to what goes, to what stays, and to what is gone."""
    entries = (
        access(api, scan="write"),
        access(api, "scan:create", "team:read"),
        access(api, "scan:read"),
        access(api, "scan:create"),
    )
    records = [given(server, entry)[1] for entry in entries]
    ok(server.call("POST", f"{V1}/credentials/{records[3]['id']}/revoke"))
    return records


def test_a_try_says_what_the_change_then_does(server: Server, api: dict[str, Any]) -> None:
    level, custom, _, _ = holders(server, api)
    path, change = f"{APIS}/{api['id']}", {"groups": AFTER, "name": "after"}
    tried = ok(server.call("PATCH", f"{path}?dry_run=true", change))
    assert named(tried["effect"]) == {
        level["id"]: (["scan:edit"], ["scan:create"]),
        custom["id"]: ([], ["scan:create", "team:read"]),
    }
    assert counts(tried["effect"]) == (2, 1, 2, True)
    assert (tried["name"], tried["revision"]) == ("after", 2)
    assert ok(server.call("GET", path)) == api, "nothing was changed"
    made = edit(server, api, groups=AFTER, name="after")
    assert made["effect"] == tried["effect"]
    told = entry_of(server, api, "api.edit")["facts"]
    assert (told["gaining"], told["losing"]) == (1, 2)
    assert ok(server.call("GET", path))["groups"] == made["groups"] == tried["groups"]


def test_a_deletion_is_tried_too(server: Server, api: dict[str, Any]) -> None:
    level, custom, reader, _ = holders(server, api)
    path = f"{APIS}/{api['id']}"
    tried = ok(server.call("DELETE", f"{path}?dry_run=true"))
    assert named(tried) == {
        level["id"]: ([], ["scan:create", "scan:list", "scan:read"]),
        custom["id"]: ([], ["scan:create", "team:read"]),
        reader["id"]: ([], ["scan:read"]),
    }
    assert counts(tried) == (3, 0, 3, True)
    ok(server.call("DELETE", path), 204)
    assert entry_of(server, api, "api.delete")["facts"]["losing"] == 3


def test_what_does_not_touch_the_catalogue_matters_to_nobody(
    server: Server, api: dict[str, Any]
) -> None:
    holders(server, api)
    path = f"{APIS}/{api['id']}?dry_run=true"
    words = catalogue(scan="list create read", team="read")
    words[0]["resources"][0]["label"] = "Scans"
    for change in ({"name": "other"}, {"groups": words}, {}):
        effect = ok(server.call("PATCH", path, change))["effect"]
        assert (counts(effect), effect["items"]) == ((0, 0, 0, True), []), change


def test_what_was_taken_from_a_token_is_none_of_its_losses(
    server: Server, api: dict[str, Any]
) -> None:
    _, record = given(server, access(api, "scan:create"))
    keystead = {"access": [access(KEYSTEAD, "folders:list")]}
    ok(server.call("PATCH", f"{V1}/credentials/{record['id']}", keystead))
    assert counts(ok(server.call("DELETE", f"{APIS}/{api['id']}?dry_run=true"))) == (0, 0, 0, True)


def test_those_affected_are_named_page_by_page(server: Server, api: dict[str, Any]) -> None:
    wanted = sorted(given(server, access(api, "scan:create"))[1]["id"] for _ in range(5))
    given(server, access(api, "scan:read"))
    path, change = f"{APIS}/{api['id']}?dry_run=true&page_size=2", {"groups": AFTER}
    found, after, effect = [], "", {}
    for _ in range(3):
        effect = ok(server.call("PATCH", path + after, change))["effect"]
        assert counts(effect) == (5, 0, 5, True), "of all, on every page"
        found.append([each["id"] for each in effect["items"]])
        after = f"&page_token={effect['next_page_token']}"
    assert effect["next_page_token"] is None
    assert found == [wanted[:2], wanted[2:4], wanted[4:]]


def test_credentials_that_one_may_not_list_are_counted_and_not_named(server: Server) -> None:
    owner, token = member(server, "user")
    api = register(server, token=token, groups=BEFORE)
    _, mine = given(server, access(api, "scan:create"), token=token)
    given(server, access(api, "scan:create"), owner_id=application(server)["id"])
    path, change = f"{APIS}/{api['id']}?dry_run=true", {"groups": AFTER}
    effect = ok(server.call("PATCH", path, change, token=token))["effect"]
    assert (list(named(effect)), effect["losing"]) == ([mine["id"]], 2)
    blind, _ = server.token("apis:edit", owner_id=owner)
    effect = ok(server.call("PATCH", path, change, token=blind))["effect"]
    assert (effect["items"], effect["losing"]) == ([], 2)
