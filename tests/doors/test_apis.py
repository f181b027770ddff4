"""APIs and their catalogues: registered, read, changed, handed on, deleted."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from keystead.policy.catalogue.catalogue import own_api
from tests.doors.cast import ALL, V1, application, managed, member, ok, problem, user
from tests.doors.registering import (
    APIS,
    access,
    catalogue,
    edit,
    entry_of,
    given,
    identifier,
    register,
)
from tests.features.asking import field_errors
from tests.running import Server


def test_an_api_is_registered_read_changed_and_deleted(server: Server) -> None:
    me = ok(server.call("GET", f"{V1}/whoami"))["owner"]["id"]
    groups = [
        {
            "key": "scans",
            "label": "Scans",
            "description": "Runs of the scanner.",
            "resources": [
                {
                    "key": "scan",
                    "label": "Scan",
                    "description": "One run.",
                    "actions": [
                        {"key": "create", "label": "Start", "description": "Start a scan."},
                        {"key": "read", "label": "", "description": "Read its findings."},
                    ],
                }
            ],
        }
    ]
    made = register(server, groups=groups, description="Finds weaknesses.", token_seconds=600)
    resource = made["groups"][0]["resources"][0]
    assert made["id"].startswith("api_")
    assert (made["owner_id"], made["created_by"], made["revision"]) == (me, me, 1)
    assert (made["token_format"], made["token_seconds"], made["verifiers"]) == ("opaque", 600, [])
    assert (made["algorithm"], made["offline_networks"]) == (None, None)
    assert resource["levels"] == ["read", "write"]
    assert [(each["scope"], each["level"]) for each in resource["actions"]] == [
        ("scan:create", "write"),
        ("scan:read", "read"),
    ]
    assert ok(server.call("GET", f"{APIS}/{made['id']}")) == made

    after = edit(server, made, name="  Scanner two ", groups=catalogue(scan="create"))
    assert (after["name"], after["revision"]) == ("Scanner two", 2)
    assert after["groups"][0]["resources"][0]["levels"] == ["write"], "nothing to read any more"
    assert after["modified_at"] > after["created_at"] == made["created_at"]
    assert after["effect"] == {
        "credentials": 0, "gaining": 0, "losing": 0, "complete": True,
        "items": [], "next_page_token": None,
    }  # fmt: skip

    ok(server.call("DELETE", f"{APIS}/{made['id']}"), 204)
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        gone = server.call(method, f"{APIS}/{made['id']}", body)
        assert problem(gone) == (404, "not_found")


def test_keystead_s_own_api_is_one_that_nobody_changes(server: Server) -> None:
    own = ok(server.call("GET", f"{APIS}/keystead"))
    assert (own["identifier"], own["owner_id"], own["created_at"]) == ("keystead", "", None)
    shown = [
        action["scope"]
        for group in own["groups"]
        for resource in group["resources"]
        for action in resource["actions"]
    ]
    assert shown == list(ALL)
    assert all(
        action["description"]
        for group in own["groups"]
        for resource in group["resources"]
        for action in resource["actions"]
    )
    levels = {r["key"]: r["levels"] for g in own["groups"] for r in g["resources"]}
    assert (levels["accounts"], levels["audit"], levels["self"]) == (
        ["read", "write"],
        ["read"],
        [],
    )
    assert set(levels) == set(own_api().actions)
    (rotate,) = [
        action
        for group in own["groups"]
        for resource in group["resources"]
        for action in resource["actions"]
        if action["scope"] == "secrets:rotate"
    ]
    assert rotate["level"] is None, "it is chosen by name"
    for query in ("", "?dry_run=true"):
        refused = server.call("PATCH", f"{APIS}/keystead{query}", {"name": "mine"})
        assert problem(refused) == (409, "wrong_state")
        assert problem(server.call("DELETE", f"{APIS}/keystead{query}")) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({}, {"identifier", "name"}),
        ({"identifier": "orders", "name": ""}, {"identifier", "name"}),
        ({"identifier": "https://a.example/#top"}, {"identifier"}),
        ({"identifier": "keystead"}, {"identifier"}),
        ({"owner_id": "own_000000000000"}, {"owner_id"}),
        ({"verifiers": ["nobody", "own_000000000000"]}, {"verifiers[0]", "verifiers[1]"}),
        ({"verifiers": ["x"] * 101, "token_seconds": 59}, {"verifiers", "token_seconds"}),
        ({"token_format": "paper", "token_seconds": "1h"}, {"token_format", "token_seconds"}),
        ({"algorithm": "ES256", "offline_networks": "accepted"}, {"algorithm", "offline_networks"}),
        ({"token_format": "jwt", "algorithm": "HS256"}, {"algorithm"}),
        ({"groups": {}}, {"groups"}),
        ({"groups": [{"key": "a"}]}, {"groups[0].resources"}),
        ({"groups": [{"key": "A", "resources": []}]}, {"groups[0].key", "groups[0].resources"}),
        (
            {"name": "\x07", "groups": catalogue(scan="read re.ad read", _x="y")},
            {"name", "groups[0].resources[0].actions[1].key", "groups[0].resources[0].actions[2].key",
             "groups[0].resources[1].key"},
        ),
        ({"groups": catalogue(scan="read") * 2}, {"groups[1].key", "groups[1].resources[0].key"}),
        ({"scopes": ["scan:read"], "name": ""}, {"scopes", "name"}),
    ],
)  # fmt: skip
def test_every_wrong_field_is_named_at_once(
    server: Server, wanted: dict[str, Any], fields: set[str]
) -> None:
    good = {"identifier": identifier(server), "name": "good"} if wanted else {}
    assert field_errors(server.call("POST", APIS, {**good, **wanted})) == fields


def test_a_change_is_judged_as_the_registration_was(server: Server) -> None:
    api = register(server, token_format="jwt", algorithm="EdDSA", offline_networks="accepted")
    path = f"{APIS}/{api['id']}"
    assert (api["algorithm"], api["offline_networks"]) == ("EdDSA", "accepted")
    assert edit(server, api, algorithm="RS256")["algorithm"] == "RS256"
    for change, fields in (
        ({"identifier": "https://other.example"}, {"identifier"}),
        ({"token_format": "opaque", "algorithm": "ES256"}, {"algorithm"}),
        ({"name": "", "groups": 1, "nonsense": 1}, {"name", "groups", "nonsense"}),
        ({"verifiers": ["nobody"], "owner_id": "nobody"}, {"verifiers[0]", "owner_id"}),
    ):
        assert field_errors(server.call("PATCH", path, change)) == fields, change
        assert field_errors(server.call("PATCH", f"{path}?dry_run=true", change)) == fields, change
    opaque = edit(server, api, token_format="opaque")
    assert (opaque["algorithm"], opaque["offline_networks"]) == (None, None)
    assert field_errors(server.call("PATCH", path, {"algorithm": "ES256"})) == {"algorithm"}


def test_an_identifier_is_taken_once_whatever_its_case(server: Server) -> None:
    api = register(server)
    for taken in (api["identifier"], api["identifier"].upper()):
        again = server.call("POST", APIS, {"identifier": taken, "name": "again"})
        assert problem(again) == (409, "name_taken")


def test_the_installation_s_own_url_is_no_api_s(server: Server) -> None:
    for taken in (server.url, f"{server.url}/", server.url.upper()):
        refused = server.call("POST", APIS, {"identifier": taken, "name": "mine"})
        assert field_errors(refused) == {"identifier"}
    made = server.call("POST", APIS, {"identifier": f"{server.url}/v1", "name": "beside it"})
    ok(server.call("DELETE", f"{APIS}/{ok(made, 201)['id']}"), 204)


def test_a_deleted_api_keeps_its_identifier_if_anybody_ever_had_access(server: Server) -> None:
    unused, used = register(server), register(server)
    _, credential = given(server, access(used, "scan:read"))
    ok(server.call("DELETE", f"{V1}/credentials/{credential['id']}"), 204)
    for api in (unused, used):
        ok(server.call("DELETE", f"{APIS}/{api['id']}"), 204)
    assert register(server, identifier=unused["identifier"])["id"] != unused["id"]
    again = server.call("POST", APIS, {"identifier": used["identifier"], "name": "again"})
    assert problem(again) == (409, "name_taken")
    assert "a deleted one" in again.json()["detail"]


def test_apis_are_listed_by_name_found_and_paged(server: Server) -> None:
    mark = server.unique("found")
    owner = application(server)["id"]
    apis = [register(server, name=f"{mark} {letter}", owner_id=owner) for letter in "bAc"]
    ids = [apis[1]["id"], apis[0]["id"], apis[2]["id"]]

    def found(query: str) -> list[str]:
        return [each["id"] for each in ok(server.call("GET", f"{APIS}?{query}"))["items"]]

    assert found(f"q={quote(mark.upper())}") == ids
    assert found(f"owner={owner}") == ids
    assert found(f"q={quote(apis[0]['identifier'])}") == [apis[0]["id"]]
    assert found("owner=own_000000000000") == []
    first = ok(server.call("GET", f"{APIS}?q={quote(mark)}&page_size=2"))
    after = f"&page_token={first['next_page_token']}"
    second = ok(server.call("GET", f"{APIS}?q={quote(mark)}&page_size=2{after}"))
    assert [[each["id"] for each in page["items"]] for page in (first, second)] == [
        ids[:2],
        ids[2:],
    ]
    assert second["next_page_token"] is None
    (own,) = [
        e for e in ok(server.call("GET", f"{APIS}?q=keystead"))["items"] if e["id"] == "keystead"
    ]
    assert own["scopes"] == len(ALL)
    assert "groups" not in own


def test_a_user_registers_apis_of_his_own_and_reads_everybody_s(server: Server) -> None:
    mine, token = member(server, "user")
    other = register(server)
    api = register(server, token=token)
    assert (api["owner_id"], api["created_by"]) == (mine, mine)
    assert ok(server.call("GET", f"{APIS}/{other['id']}", token=token))["id"] == other["id"]
    for method, body in (("PATCH", {"name": "mine"}), ("DELETE", None)):
        for query in ("", "?dry_run=true"):
            refused = server.call(method, f"{APIS}/{other['id']}{query}", body, token=token)
            assert problem(refused) == (403, "insufficient_scope")
    blind, _ = server.token("apis:edit", owner_id=mine)
    unseen = server.call("DELETE", f"{APIS}/{other['id']}", token=blind)
    assert problem(unseen) == (404, "not_found"), "it may not read APIs"
    wanted = {"identifier": identifier(server), "name": "x", "owner_id": other["owner_id"]}
    assert problem(server.call("POST", APIS, wanted, token=token)) == (403, "insufficient_scope")


def test_an_api_is_handed_on_by_who_manages_both_owners(server: Server) -> None:
    manager, token = member(server, "manager")
    own = managed(server, token)
    stranger = user(server, "user")["id"]
    api = register(server, token=token)
    away = {"owner_id": stranger}
    path = f"{APIS}/{api['id']}"
    for query in ("", "?dry_run=true"):
        refused = server.call("PATCH", path + query, away, token=token)
        assert problem(refused) == (403, "insufficient_scope")
    assert edit(server, api, token, owner_id=own)["owner_id"] == own
    facts = entry_of(server, api, "api.edit")["facts"]
    assert (facts["from"], facts["to"], facts["changed"]) == (manager, own, "owner_id")
    assert edit(server, api, owner_id=stranger)["owner_id"] == stranger
    lost = server.call("PATCH", path, {"owner_id": manager}, token=token)
    assert problem(lost) == (403, "insufficient_scope"), "it is not his any more"


def test_two_editors_do_not_overwrite_each_other_unseen(server: Server) -> None:
    api = register(server)
    edit(server, api, revision=1, description="first")
    path = f"{APIS}/{api['id']}"
    for query in ("", "?dry_run=true"):
        late = server.call("PATCH", path + query, {"revision": 1, "description": "second"})
        assert problem(late) == (409, "wrong_state")
    assert ok(server.call("GET", path))["description"] == "first"
    assert edit(server, api, description="third")["revision"] == 3


def test_a_change_that_is_asked_for_again_is_made_once(server: Server) -> None:
    key = {"Idempotency-Key": "once-and-no-more"}
    wanted = {"identifier": identifier(server), "name": "once"}
    first, again = (server.call("POST", APIS, wanted, headers=key) for _ in range(2))
    assert (first.status, again.status, again.headers["idempotency-replayed"]) == (201, 201, "true")
    path = f"{APIS}/{first.json()['id']}"
    change = {"groups": catalogue(scan="read")}
    for _ in range(2):
        assert (
            server.call("PATCH", path, change, headers=key | {"Idempotency-Key": "x"}).json()[
                "revision"
            ]
            == 2
        )
    tried = [server.call("DELETE", f"{path}?dry_run=true", headers=key) for _ in range(2)]
    assert [each.status for each in tried] == [200, 200], "what changes nothing needs no key"


def test_the_audit_tells_what_was_changed(server: Server) -> None:
    verifier = application(server)["id"]
    api = register(server, scan="create read")
    facts = entry_of(server, api, "api.create")["facts"]
    assert facts["identifier"] == api["identifier"]
    assert (facts["owner"], facts["scopes"]) == (api["owner_id"], "scan:create,scan:read")
    edit(server, api, verifiers=[verifier], groups=catalogue(scan="read list", team="read"))
    facts = entry_of(server, api, "api.edit")["facts"]
    assert facts["changed"] == "verifiers,groups"
    assert facts["verifiers_added"] == verifier
    assert (facts["scopes_added"], facts["scopes_removed"]) == (
        "scan:list,team:read",
        "scan:create",
    )
    edit(server, api, verifiers=[], groups=catalogue(**{f"r{i}": "read list" for i in range(30)}))
    facts = entry_of(server, api, "api.edit")["facts"]
    assert (facts["verifiers_removed"], facts["scopes_added"]) == (verifier, 60)


def test_a_catalogue_is_as_large_as_it_may_be_and_no_larger(server: Server) -> None:
    def wanted(resources: int, actions: int) -> dict[str, Any]:
        names = " ".join(f"a{k}" for k in range(actions))
        groups = catalogue(**{f"r{j}": names for j in range(resources)})
        return {"identifier": identifier(server), "name": "large", "groups": groups}

    for resources, actions in ((500, 2), (33, 30)):
        api = ok(server.call("POST", APIS, wanted(resources, actions)), 201)
        assert len(json.dumps(ok(server.call("GET", f"{APIS}/{api['id']}")))) > 50_000
        ok(server.call("DELETE", f"{APIS}/{api['id']}"), 204)
    for resources, actions in ((501, 1), (500, 3), (1, 31)):
        (field,) = field_errors(server.call("POST", APIS, wanted(resources, actions)))
        assert field.startswith("groups")


@pytest.mark.parametrize(
    "query", ["dry_run=maybe", "page_size=1", "dry_run=true&page_size=0", "x=1"]
)
def test_a_parameter_without_an_effect_is_refused(server: Server, query: str) -> None:
    api = register(server)
    for method, body in (("PATCH", {}), ("DELETE", None)):
        answer = server.call(method, f"{APIS}/{api['id']}?{query}", body)
        assert problem(answer) == (400, "invalid_request")
    assert ok(server.call("GET", f"{APIS}/{api['id']}"))["revision"] == 1
