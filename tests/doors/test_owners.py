"""Applications as customers of an API, and how owners are found."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.cast import V1, application, member, ok, path_of, problem, user
from tests.features.asking import field_errors, list_of
from tests.running import Answer, Server

OWNERS = f"{V1}/owners"


def edit(server: Server, owner_id: str, **change: object) -> Answer:
    return server.call("PATCH", f"{OWNERS}/{owner_id}", change)


def named(server: Server, query: str) -> list[str]:
    return [owner["name"] for owner in ok(server.call("GET", f"{OWNERS}?{query}"))["items"]]


def test_a_customer_is_an_application_with_an_id_of_one_s_own(server: Server) -> None:
    theirs = server.unique("customer")
    metadata = {"plan": "gold", "größe": "10"}
    made = application(server, "user", external_id=theirs, metadata=metadata)
    assert (made["external_id"], made["metadata"]) == (theirs, metadata)
    (found,) = ok(server.call("GET", f"{OWNERS}?external_id={path_of(theirs)}"))["items"]
    assert found == ok(server.call("GET", f"{OWNERS}/{made['id']}")) == made
    assert named(server, f"q={path_of(theirs.upper())}") == [made["name"]]
    assert named(server, f"external_id={path_of(theirs.upper())}") == []
    assert list_of(server, OWNERS)[made["id"]]["metadata"] == metadata


def test_metadata_is_replaced_whole_and_an_external_id_given_back(server: Server) -> None:
    theirs = server.unique("customer")
    made = application(server, external_id=theirs, metadata={"plan": "gold", "seats": "3"})
    changed = ok(edit(server, made["id"], metadata={"plan": "silver"}))
    assert (changed["external_id"], changed["metadata"]) == (theirs, {"plan": "silver"})
    assert ok(edit(server, made["id"], external_id=None, metadata={}))["external_id"] is None
    assert application(server, external_id=theirs)["external_id"] == theirs, "it is free again"


def test_an_external_id_is_taken_once(server: Server) -> None:
    theirs = server.unique("customer")
    application(server, external_id=theirs)
    wanted = {"kind": "application", "name": server.unique("other"), "external_id": theirs}
    refused = server.call("POST", OWNERS, wanted)
    assert problem(refused) == (409, "name_taken")
    assert "external id" in refused.json()["detail"]
    refused = edit(server, application(server)["id"], external_id=f" {theirs} ")
    assert problem(refused) == (409, "name_taken")


def test_a_user_is_no_customer_and_an_application_does_not_log_in(server: Server) -> None:
    login = server.unique("person")
    wanted: dict[str, Any] = {"kind": "user", "name": login, "login": login, "managed_by": "own_x"}
    wanted |= {"external_id": "c", "metadata": {"a": "b"}}
    assert field_errors(server.call("POST", OWNERS, wanted)) == {
        "external_id", "metadata", "managed_by",
    }  # fmt: skip
    somebody = user(server)["id"]
    assert field_errors(edit(server, somebody, external_id=None)) == {"external_id"}
    wanted = {"kind": "application", "name": login, "login": login}
    assert field_errors(server.call("POST", OWNERS, wanted)) == {"login"}


def test_every_wrong_field_is_named_at_once(server: Server) -> None:
    wanted = {
        "kind": "application",
        "name": "",
        "external_id": "\n",
        "metadata": {"key": "v" * 1025, "k" * 65: ""},
        "state": "active",
    }
    assert field_errors(server.call("POST", OWNERS, wanted)) == {
        "name", "external_id", "metadata.key", "metadata",
    }  # fmt: skip
    wanted["metadata"] = dict.fromkeys(map(str, range(65)), "v")
    assert "metadata" in field_errors(server.call("POST", OWNERS, wanted))
    wanted["metadata"] = {"key": 7}
    assert "metadata" in str(field_errors(server.call("POST", OWNERS, wanted)))


def test_owners_are_found_by_state_and_role_and_in_either_order(server: Server) -> None:
    mark = server.unique("found")
    first = application(server, "manager", "auditor", name=f"{mark} b")
    second = application(server, "auditor", name=f"{mark} C", state="disabled")
    third = application(server, name=f"{mark} a")
    asked = f"q={path_of(mark)}"
    assert named(server, f"{asked}&role=auditor") == [first["name"], second["name"]]
    assert named(server, f"{asked}&role=auditor&state=active") == [first["name"]]
    assert named(server, f"{asked}&state=disabled") == [second["name"]]
    assert named(server, f"{asked}&kind=user") == []
    by_name = [third["name"], first["name"], second["name"]]
    assert named(server, f"{asked}&sort=name") == named(server, asked) == by_name
    assert named(server, f"{asked}&sort=-name") == by_name[::-1]
    by_age = [first["name"], second["name"], third["name"]]
    assert named(server, f"{asked}&sort=created_at") == by_age
    assert named(server, f"{asked}&sort=-created_at") == by_age[::-1]


@pytest.mark.parametrize("query", ["role=root", "state=gone", "sort=email", "external_id="])
def test_a_filter_that_means_nothing_is_refused(server: Server, query: str) -> None:
    assert field_errors(server.call("GET", f"{OWNERS}?{query}")) == {query.partition("=")[0]}


def test_a_cursor_belongs_to_its_order(server: Server) -> None:
    application(server)
    for sort, other in (("name", "created_at"), ("-created_at", "created_at")):
        page = ok(server.call("GET", f"{OWNERS}?page_size=1&sort={sort}"))
        asked = f"{OWNERS}?page_size=1&page_token={page['next_page_token']}&sort="
        assert server.call("GET", asked + sort).status == 200
        assert field_errors(server.call("GET", asked + other)) == {"page_token"}


def test_a_manager_keeps_his_customers_and_sees_nobody_else_s(server: Server) -> None:
    _, boss = member(server, "manager")
    theirs = server.unique("customer")
    wanted = {"kind": "application", "name": theirs, "external_id": theirs, "metadata": {"a": "b"}}
    his = ok(server.call("POST", OWNERS, wanted, token=boss), 201)
    path = f"{OWNERS}/{his['id']}"
    ok(server.call("PATCH", path, {"metadata": {"a": "c"}}, token=boss))
    others = server.unique("customer")
    application(server, external_id=others)
    for asked, count in ((theirs, 1), (others, 0)):
        listed = server.call("GET", f"{OWNERS}?external_id={path_of(asked)}", token=boss)
        assert len(ok(listed)["items"]) == count
