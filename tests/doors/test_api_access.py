"""Access to registered APIs: what may be given, by whom, and what becomes of it when a catalogue changes."""

from __future__ import annotations

import pytest

from tests.doors.cast import V1, managed, member, ok, problem
from tests.doors.registering import APIS, KEYSTEAD, access, catalogue, give, given, register
from tests.doors.tokens import CREDENTIALS, create, wrong
from tests.running import Server

ISSUING = access(KEYSTEAD, "credentials:create", "credentials:edit", "credentials:rotate")


def test_a_token_is_given_scopes_and_levels_on_registered_apis(server: Server) -> None:
    one, other = register(server), register(server, groups=catalogue(a_b="read write list"))
    wanted = [
        access(one, "scan:read"),
        access(other, **{"a.b": "write"}),
        access(KEYSTEAD, "self:rotate"),
    ]
    _, record = given(server, *wanted)
    assert record["access"] == wanted
    path = f"{CREDENTIALS}/{record['id']}"
    fewer = [access(other, "a.b:list")]
    assert ok(server.call("PATCH", path, {"access": fewer}))["access"] == fewer
    assert ok(server.call("GET", path))["access"] == fewer
    asked = create(server, scopes=["folders:list"], access=[access(one, scan="read")])
    assert [each["api"] for each in ok(asked, 201)["credential"]["access"]] == [
        one["identifier"],
        "keystead",
    ]


def test_a_token_is_told_what_it_holds_elsewhere(server: Server) -> None:
    one, other = register(server), register(server)
    token, _ = given(
        server,
        access(one, scan="write"),
        access(other, "scan:read"),
        access(KEYSTEAD, "self:rotate"),
    )
    told = ok(server.call("GET", f"{V1}/whoami", token=token))
    assert told["scopes"] == ["self:rotate"]
    assert told["access"] == [
        {"api": one["identifier"], "scopes": ["scan:create", "scan:read"]},
        {"api": other["identifier"], "scopes": ["scan:read"]},
    ]


def test_the_root_shows_ways_that_lead_on(server: Server) -> None:
    links = ok(server.call("GET", "/api/"))["links"]
    for link in links.values():
        assert server.call("GET", link).status in {200, 405}, link


def test_whoami_ends_when_what_was_presented_does(server: Server) -> None:
    token, record = given(server, access(KEYSTEAD, "self:rotate"))
    ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/rotate", {"overlap_seconds": 60}))
    answer = server.call("GET", f"{V1}/whoami", token=token)
    assert ok(answer)["expires_at"] == answer.headers["keystead-credential-expires"]


def test_each_wrong_choice_is_named(server: Server) -> None:
    api = register(server, groups=catalogue(scan="read", run="start"))
    away = {"identifier": f"{api['identifier']}/"}
    for entries, fields in (
        ([access(away, "scan:read")], {"access[0].api": "no API of this name is registered"}),
        ([access(api, "scan:read", "scan:create", "folders:list")],
         dict.fromkeys(("access[0].scopes[1]", "access[0].scopes[2]"), "is no scope of this API")),
        ([access(api, scan="write")], {"access[0].levels.scan": "has no level 'write'"}),
        ([access(api, run="read")], {"access[0].levels.run": "has no level 'read'"}),
        ([access(api, team="read")], {"access[0].levels": "'team' is no resource of this API"}),
        ([access(api)], {"access": "at least one scope or level must be chosen"}),
        ([access(api, "scan:read"), access(api, "run:start")],
         {"access[1].api": "stands twice; join the two entries"}),
        ([access(KEYSTEAD, "scan:read")], {"access[0].scopes[0]": "is no scope of this API"}),
    ):  # fmt: skip
        assert wrong(give(server, *entries)) == fields, entries
    _, record = given(server, access(api, "scan:read"))
    path = f"{CREDENTIALS}/{record['id']}"
    assert wrong(server.call("PATCH", path, {"access": [access(api, "scan:list")]}))


def test_who_may_change_an_api_gives_access_to_it(server: Server) -> None:
    _, token = member(server, "user")
    mine, others = register(server, token=token), register(server)
    assert give(server, access(mine, "scan:read", scan="write"), token=token).status == 201
    refused = give(server, access(others, "scan:read"), token=token)
    assert problem(refused) == (403, "insufficient_scope")
    assert others["identifier"] in refused.json()["detail"]
    _, manager = member(server, "manager")
    own = managed(server, manager)
    theirs = register(server, token=manager, owner_id=own)
    assert give(server, access(theirs, "scan:read"), token=manager, owner_id=own).status == 201
    assert problem(give(server, access(mine, "scan:read"), token=manager))[0] == 403
    for api in (mine, others, theirs):
        assert give(server, access(api, "scan:read")).status == 201, "an administrator"


def test_a_token_without_the_scope_for_it_gives_only_what_it_holds(server: Server) -> None:
    api = register(server, groups=catalogue(scan="create read delete"))
    blind, _ = given(server, ISSUING)
    assert problem(give(server, access(api, "scan:read"), token=blind))[0] == 403
    holder, _ = given(server, ISSUING, access(api, "scan:read", "scan:create"))
    assert give(server, access(api, "scan:create"), token=holder).status == 201
    for more in (access(api, "scan:delete"), access(api, "scan:read", "scan:delete")):
        assert problem(give(server, more, token=holder))[0] == 403


def test_a_level_is_given_by_who_holds_it_as_a_level(server: Server) -> None:
    api = register(server, groups=catalogue(scan="read list create"))
    singly, _ = given(server, ISSUING, access(api, "scan:read", "scan:list", "scan:create"))
    assert problem(give(server, access(api, scan="read"), token=singly))[0] == 403, "it would grow"
    reader, _ = given(server, ISSUING, access(api, scan="read"))
    assert give(server, access(api, scan="read"), token=reader).status == 201
    assert give(server, access(api, "scan:list"), token=reader).status == 201
    assert problem(give(server, access(api, scan="write"), token=reader))[0] == 403
    writer, _ = given(server, ISSUING, access(api, scan="write"))
    assert give(server, access(api, scan="read"), token=writer).status == 201


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [("PATCH", "", {"description": "mine"}), ("POST", "/rotate", None), ("POST", "/enable", None)],
)
def test_nobody_changes_or_takes_over_a_token_with_more_than_he_may_give(
    server: Server, method: str, suffix: str, body: object
) -> None:
    api = register(server)
    scopes = ("credentials:edit", "credentials:rotate", "credentials:revoke")
    weak, _ = given(server, access(KEYSTEAD, *scopes))
    strong, _ = given(server, access(KEYSTEAD, *scopes), access(api, "scan:read"))
    _, target = given(server, access(api, "scan:read"))
    if suffix == "/enable":
        ok(server.call("POST", f"{CREDENTIALS}/{target['id']}/disable"))
    path = f"{CREDENTIALS}/{target['id']}{suffix}"
    assert problem(server.call(method, path, body, token=weak)) == (403, "insufficient_scope")
    assert server.call(method, path, body, token=strong).status == 200


def test_an_auditor_gives_nothing_even_on_an_api_of_his_own(server: Server) -> None:
    owner, token = member(server, "user")
    api = register(server, token=token)
    ok(server.call("PATCH", f"{V1}/owners/{owner}", {"roles": ["auditor"]}))
    for answer in (
        give(server, access(api, "scan:read"), token=token),
        server.call("PATCH", f"{APIS}/{api['id']}", {"groups": []}, token=token),
    ):
        assert problem(answer) == (403, "insufficient_scope")


def test_a_level_takes_in_what_is_added_later_and_a_scope_does_not(server: Server) -> None:
    api = register(server, groups=catalogue(scan="read create"))
    path = f"{APIS}/{api['id']}"
    level, _ = given(server, ISSUING, access(api, scan="write"))
    custom, _ = given(server, ISSUING, access(api, "scan:read", "scan:create"))
    ok(server.call("PATCH", path, {"groups": catalogue(scan="read create edit list")}))
    assert give(server, access(api, "scan:edit", "scan:list"), token=level).status == 201
    assert problem(give(server, access(api, "scan:edit"), token=custom))[0] == 403
    assert give(server, access(api, "scan:create"), token=custom).status == 201


def test_what_a_catalogue_loses_is_lost_and_comes_back_with_it(server: Server) -> None:
    api = register(server, groups=catalogue(scan="read create"))
    path = f"{APIS}/{api['id']}"
    token, record = given(server, ISSUING, access(api, "scan:read", "scan:create"))
    ok(server.call("PATCH", path, {"groups": catalogue(scan="read")}))
    assert wrong(give(server, access(api, "scan:create"), token=token))
    assert give(server, access(api, "scan:read"), token=token).status == 201
    kept = ok(server.call("GET", f"{CREDENTIALS}/{record['id']}"))["access"]
    assert kept[1]["scopes"] == ["scan:read", "scan:create"], "as it was given"
    ok(server.call("PATCH", path, {"groups": catalogue(scan="create")}))
    assert give(server, access(api, "scan:create"), token=token).status == 201


def test_access_to_a_deleted_api_is_nothing_and_hinders_nothing(server: Server) -> None:
    api = register(server)
    token, record = given(server, ISSUING, access(api, "scan:read"))
    ok(server.call("DELETE", f"{APIS}/{api['id']}"), 204)
    assert wrong(give(server, access(api, "scan:read"), token=token))
    path = f"{CREDENTIALS}/{record['id']}"
    assert ok(server.call("PATCH", path, {"description": "goes on"}))["access"] == record["access"]
    assert ok(server.call("POST", f"{path}/rotate"))["secret"]
    assert wrong(server.call("PATCH", path, {"access": record["access"]}))
    assert ok(server.call("PATCH", path, {"access": [ISSUING]}))["access"] == [ISSUING]
