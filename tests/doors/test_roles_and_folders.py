"""What an owner may: four roles over the house, three rights over a folder, printed and diffed.

`KEYSTEAD_TEST_REWRITE=1 pytest tests/doors/test_roles_and_folders.py` writes the table anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.doors.cast import ALL, V1, application, member, ok, path_of, problem, told
from tests.doors.tables import agree
from tests.running import Answer, Server

TABLE: Final = Path(__file__).with_name("folder_matrix.txt")

ROLES: Final = ("administrator", "manager", "auditor", "user")
RIGHTS: Final = ("none", "viewer", "user", "manager", "user above", "manager above")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with an account in it, and somebody who knocks at it with every scope."""

    server: Server
    token: str
    owner_id: str
    folder: dict[str, Any]
    account: dict[str, Any]

    def call(self, method: str, path: str, body: object = None) -> Answer:
        return self.server.call(method, V1 + path, body, token=self.token)

    def shown(self, listed: str, id_: str) -> str:
        answer = self.call("GET", f"/{listed}?page_size=200&q={path_of(self.folder['name'])}")
        if answer.status != 200:
            return f"{answer.status}"
        return "shown" if id_ in {item["id"] for item in answer.json()["items"]} else "hidden"


def _outcome(answer: Answer) -> str:
    return "yes" if answer.status < 300 else str(answer.status)


def _in_account(method: str, suffix: str = "", body: object = None) -> Callable[[Place], str]:
    return lambda place: _outcome(
        place.call(method, f"/accounts/{place.account['id']}{suffix}", body)
    )


def _in_folder(method: str, body: object = None) -> Callable[[Place], str]:
    return lambda place: _outcome(place.call(method, f"/folders/{place.folder['id']}", body))


def _fetch_by_path(place: Place) -> str:
    return _outcome(place.call("GET", f"/secrets/{path_of(*place.account['path'].split('/'))}"))


def _create(place: Place) -> str:
    wanted = {"folder_id": place.folder["id"], "name": "made", "fields": {"password": "p"}}
    return _outcome(place.call("POST", "/accounts", wanted))


def _make_sub_folder(place: Place) -> str:
    return _outcome(
        place.call("POST", "/folders", {"name": "sub", "parent_id": place.folder["id"]})
    )


def _grant(place: Place) -> str:
    grants = [
        *place.folder["grants"],
        {"owner_id": application(place.server)["id"], "right": "manager"},
    ]
    return _outcome(place.call("PATCH", f"/folders/{place.folder['id']}", {"grants": grants}))


def _delete_folder(place: Place) -> str:
    # The administrator empties it first; a folder that is not empty is 409 for whoever may delete it.
    for account in ok(place.server.call("GET", f"{V1}/accounts?folder_id={place.folder['id']}"))[
        "items"
    ]:
        ok(place.server.call("DELETE", f"{V1}/accounts/{account['id']}"), 204)
    inside = ok(place.server.call("GET", f"{V1}/folders?parent_id={place.folder['id']}"))["items"]
    for folder in inside:
        ok(place.server.call("DELETE", f"{V1}/folders/{folder['id']}"), 204)
    return _in_folder("DELETE")(place)


ACTS: Final[dict[str, Callable[[Place], str]]] = {
    "list folders": lambda place: place.shown("folders", place.folder["id"]),
    "read folder": _in_folder("GET"),
    "list accounts": lambda place: place.shown("accounts", place.account["id"]),
    "read account": _in_account("GET"),
    "versions": _in_account("GET", "/versions"),
    "fetch": _in_account("GET", "/secret"),
    "fetch by path": _fetch_by_path,
    "write": _in_account("PUT", "/secret", {"fields": {"password": "new"}}),
    "create": _create,
    "edit": _in_account("PATCH", body={"notes": "changed"}),
    "sub-folder": _make_sub_folder,
    "rename": _in_folder("PATCH", {}),
    "grant": _grant,
    "delete": _in_account("DELETE"),
    "delete folder": _delete_folder,
}


def _place(server: Server, role: str, right: str) -> Place:
    owner_id, token = member(server, role)
    name = server.unique("place")
    above: list[dict[str, str]] = []
    own: list[dict[str, str]] = []
    if right.endswith(" above"):
        above = [{"owner_id": owner_id, "right": right.removesuffix(" above")}]
        # The lesser right on the folder itself takes nothing away.
        own = [{"owner_id": owner_id, "right": "viewer"}]
    elif right != "none":
        own = [{"owner_id": owner_id, "right": right}]
    parent = server.folder(grants=above)
    folder = server.folder(name=name, parent_id=parent["id"], grants=own)
    account = server.account(folder["id"], name=f"account in {name}")
    return Place(server, token, owner_id, folder, account)


def test_the_rights_on_folders_are_the_ones_that_were_agreed(server: Server) -> None:
    rows: list[tuple[str, ...]] = [("role", "right", *ACTS)]
    for role in ROLES:
        for right in RIGHTS:
            place = _place(server, role, right)
            rows.append((role, right, *(act(place) for act in ACTS.values())))
    agree(rows, TABLE)


def _table() -> list[dict[str, str]]:
    head, *rows = (
        [cell.strip() for cell in line.replace("  ", "\t").split("\t") if cell.strip()]
        for line in TABLE.read_text("utf-8").splitlines()
    )
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_no_role_reads_a_value() -> None:
    for row in _table():
        if row["right"] in {"none", "viewer"}:
            assert row["fetch"] != "yes", row
            assert row["fetch by path"] != "yes", row
            assert row["write"] != "yes", row


def test_an_auditor_sees_every_description_and_changes_nothing() -> None:
    for row in (row for row in _table() if row["role"] == "auditor"):
        assert row["read account"] == "yes"
        changes = ("write", "create", "edit", "sub-folder", "rename", "grant", "delete")
        assert {row[change] for change in changes} == {"403"}


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"notes": "mine"}),
        ("DELETE", "", None),
        ("GET", "/versions", None),
        ("GET", "/secret", None),
        ("PUT", "/secret", {"fields": {"password": "mine"}}),
    ],
)
def test_an_unknown_an_invisible_and_a_forbidden_account_are_one_answer(
    server: Server, method: str, suffix: str, body: object
) -> None:
    owner_id, token = member(server, "user")
    invisible = server.account(server.folder()["id"])["id"]
    seen = server.folder(grants=[{"owner_id": owner_id, "right": "viewer"}])
    forbidden = server.account(seen["id"])["id"]
    ids = ["acct_000000000000", "no id at all", invisible]
    if suffix == "/secret" or method != "GET":
        ids.append(forbidden)
    answers = {
        told(server.call(method, f"{V1}/accounts/{path_of(id_)}{suffix}", body, token=token))
        for id_ in ids
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("PATCH", {"name": "mine"}), ("DELETE", None)]
)
def test_an_unknown_an_invisible_and_a_forbidden_folder_are_one_answer(
    server: Server, method: str, body: object
) -> None:
    owner_id, token = member(server, "user")
    ids = ["fold_000000000000", server.folder()["id"]]
    if method != "GET":
        ids.append(server.folder(grants=[{"owner_id": owner_id, "right": "user"}])["id"])
    answers = {told(server.call(method, f"{V1}/folders/{id_}", body, token=token)) for id_ in ids}
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


def test_an_invisible_path_and_an_unknown_one_are_one_answer(server: Server) -> None:
    _, token = member(server, "user")
    folder = server.folder()
    account = server.account(folder["id"])
    answers = {
        told(server.call("GET", f"{V1}/secrets/{path_of(*names)}", token=token))
        for names in (
            (folder["name"], account["name"]),
            (folder["name"], "other"),
            ("other", account["name"]),
            (account["name"],),
        )
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"name": "mine"}),
        ("DELETE", "", None),
        ("POST", "/rotate", None),
        ("POST", "/revoke", None),
        ("POST", "/disable", None),
        ("POST", "/enable", None),
        ("GET", "/secrets", None),
    ],
)
def test_a_credential_of_others_and_an_unknown_one_are_one_answer(
    server: Server, method: str, suffix: str, body: object
) -> None:
    _, token = member(server, "manager")
    others = server.token("folders:list")[1]["id"]
    answers = {
        told(server.call(method, f"{V1}/credentials/{id_}{suffix}", body, token=token))
        for id_ in (others, "cred_000000000000")
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


def test_scope_and_binding_are_judged_before_the_object_is_looked_up(server: Server) -> None:
    there = server.account(server.folder()["id"])["id"]
    narrow, _ = server.token("folders:list")
    elsewhere, _ = server.token(*ALL, networks=["192.0.2.0/24"])
    for id_ in (there, "acct_000000000000"):
        path = f"{V1}/accounts/{id_}/secret"
        assert problem(server.call("GET", path, token=narrow)) == (403, "insufficient_scope")
        assert problem(server.call("GET", path, token=elsewhere)) == (403, "network_denied")


def test_an_owner_is_a_user_where_no_roles_are_named_and_nothing_where_none_are_asked_for(
    server: Server,
) -> None:
    wanted: dict[str, object] = {"kind": "application", "name": server.unique("plain")}
    assert ok(server.call("POST", f"{V1}/owners", wanted), 201)["roles"] == ["user"]
    wanted |= {"name": server.unique("idle"), "roles": []}
    assert ok(server.call("POST", f"{V1}/owners", wanted), 201)["roles"] == []


def test_a_lowered_role_acts_on_live_tokens_at_once(server: Server) -> None:
    owner_id, token = member(server, "administrator")
    assert server.call("GET", f"{V1}/audit/events", token=token).status == 200
    ok(server.call("PATCH", f"{V1}/owners/{owner_id}", {"roles": ["user"]}))
    refused = server.call("GET", f"{V1}/audit/events", token=token)
    assert problem(refused) == (403, "insufficient_scope")
    assert "audit:read" in refused.json()["detail"]
    ok(server.call("PATCH", f"{V1}/owners/{owner_id}", {"roles": []}))
    assert problem(server.call("GET", f"{V1}/folders", token=token))[0] == 403


def test_a_grant_taken_away_acts_on_live_tokens_at_once(server: Server) -> None:
    owner_id, token = member(server, "user")
    folder = server.folder(grants=[{"owner_id": owner_id, "right": "user"}])
    path = f"{V1}/accounts/{server.account(folder['id'])['id']}/secret"
    assert server.call("GET", path, token=token).status == 200
    ok(server.call("PATCH", f"{V1}/folders/{folder['id']}", {"grants": []}))
    assert problem(server.call("GET", path, token=token)) == (404, "not_found")


def test_a_grant_above_taken_away_acts_below_at_once(server: Server) -> None:
    owner_id, token = member(server, "user")
    above = server.folder(grants=[{"owner_id": owner_id, "right": "user"}])
    below = server.folder(parent_id=above["id"])
    path = f"{V1}/accounts/{server.account(below['id'])['id']}/secret"
    assert server.call("GET", path, token=token).status == 200
    ok(server.call("PATCH", f"{V1}/folders/{above['id']}", {"grants": []}))
    assert problem(server.call("GET", path, token=token)) == (404, "not_found")


def test_a_folder_moved_away_takes_its_inherited_rights_with_it_at_once(server: Server) -> None:
    owner_id, token = member(server, "user")
    above = server.folder(grants=[{"owner_id": owner_id, "right": "user"}])
    below = server.folder(parent_id=above["id"])
    path = f"{V1}/accounts/{server.account(below['id'])['id']}/secret"
    assert server.call("GET", path, token=token).status == 200
    ok(server.call("PATCH", f"{V1}/folders/{below['id']}", {"parent_id": None}))
    assert problem(server.call("GET", path, token=token)) == (404, "not_found")


def test_an_account_moved_away_is_out_of_reach_at_once(server: Server) -> None:
    owner_id, token = member(server, "user")
    folder = server.folder(grants=[{"owner_id": owner_id, "right": "user"}])
    account = server.account(folder["id"])
    path = f"{V1}/accounts/{account['id']}/secret"
    assert server.call("GET", path, token=token).status == 200
    moved = {"folder_id": server.folder()["id"]}
    ok(server.call("PATCH", f"{V1}/accounts/{account['id']}", moved))
    assert problem(server.call("GET", path, token=token)) == (404, "not_found")


def test_disabling_an_owner_acts_on_live_tokens_at_once(server: Server) -> None:
    owner_id, token = member(server, "user")
    whoami = f"{V1}/whoami"
    assert server.call("GET", whoami, token=token).status == 200
    ok(server.call("PATCH", f"{V1}/owners/{owner_id}", {"state": "disabled"}))
    assert problem(server.call("GET", whoami, token=token)) == (401, "owner_disabled")
    ok(server.call("PATCH", f"{V1}/owners/{owner_id}", {"state": "active"}))
    assert server.call("GET", whoami, token=token).status == 200
