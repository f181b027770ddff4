"""The four roles and the three rights: what is told of them, and what is kept, over every permission."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keystead.api.routes import ROUTES
from keystead.policy.permissions import Permission
from keystead.policy.roles import (
    ON_EVERY_FOLDER,
    RIGHT_PERMISSIONS,
    ROLE_PERMISSIONS,
    Right,
    Role,
    may,
)
from tests.doors.cast import ALL, V1, application, managed, member, ok, problem, user
from tests.doors.route_requests import name_of
from tests.running import Server, running

if TYPE_CHECKING:
    import pytest

MATRIX: Final = Path(__file__).with_name("role_matrix.txt")

UNREACHED: Final = frozenset(
    {
        *(p for p in Permission if p.resource == "checkouts"),
        Permission.SECRETS_ROTATE,
        # It comes on top of another one, in the body of a request.
        Permission.TOKENS_ASSERT_IP,
    }
)
"""Permissions that no route asks for yet; this list may only shrink."""

BEYOND_THE_ROLE: Final = {
    # A top folder takes a manager; groups, which open folders to others, an administrator.
    ("POST /api/v1/folders", "user"),
    ("POST /api/v1/groups", "manager"),
    ("PATCH /api/v1/groups/{id}", "manager"),
    ("DELETE /api/v1/groups/{id}", "manager"),
}
"""What a role is refused although it reaches the permission, whosever it is."""


def told(server: Server) -> dict[str, Any]:
    return dict(ok(server.call("GET", f"{V1}/roles")))


def test_the_four_roles_are_told_as_the_tables_have_them(server: Server) -> None:
    roles = {role["name"]: role for role in told(server)["items"]}
    assert list(roles) == [str(role) for role in Role]
    for role in Role:
        found = roles[role]
        assert set(found["permissions"]) == ROLE_PERMISSIONS[role]
        assert found["permissions"] == [p for p in ALL if p in found["permissions"]], "in order"
        assert set(found["on_every_folder"]) == ON_EVERY_FOLDER.get(role, frozenset())
        assert found["description"].endswith(".")
    assert [roles[role]["manages"] for role in Role] == [True, True, False, False]


def test_whom_a_role_reaches_is_told_too(server: Server) -> None:
    roles = {role["name"]: set(role["on_every_owner"]) for role in told(server)["items"]}
    owned = {p for p in Permission if p.resource in {"owners", "credentials"}}
    reading = {"owners:list", "owners:read", "credentials:list", "credentials:read"}
    assert roles == {"administrator": owned, "manager": set(), "auditor": reading, "user": set()}


def test_the_three_rights_are_told_and_each_takes_in_the_lesser(server: Server) -> None:
    answer = told(server)
    rights = {right["name"]: set(right["permissions"]) for right in answer["rights"]}
    assert rights == {right.name.lower(): RIGHT_PERMISSIONS[right] for right in Right}
    assert rights["viewer"] < rights["user"] < rights["manager"]
    assert answer["next_page_token"] is None


def test_every_role_is_kept_over_every_permission_that_a_route_asks_for() -> None:
    """The matrix was made through the real door; here it is held to the tables, cell by cell."""
    head, *rows = (
        [cell.strip() for cell in line.replace("  ", "\t").split("\t") if cell.strip()]
        for line in MATRIX.read_text("utf-8").splitlines()
    )
    cells = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert set(cells) == {name_of(route) for route in ROUTES}
    for route in ROUTES:
        needed, row = route.verb.needs, cells[name_of(route)]
        if needed is None:
            continue
        for role in Role:
            asked = {row[f"{role}, own"], row[f"{role}, another's"]}
            if not may([role], needed) or (name_of(route), role) in BEYOND_THE_ROLE:
                assert asked == {"403"}, (name_of(route), role)
            else:
                assert row[f"{role}, own"] == "yes", (name_of(route), role)


def test_every_permission_is_asked_for_by_some_route_or_not_yet() -> None:
    asked = {route.verb.needs for route in ROUTES}
    assert set(Permission) - asked == UNREACHED


def test_there_is_never_no_administrator_however_many_are_taken_away_at_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("administrators") / "data"
    with running(data, "--workers", "2") as server:
        # It may do all that they may, and is no user: it does not count.
        program = application(server, "administrator")["id"]
        token, _ = server.token(*ALL, owner_id=program)
        people = [ok(server.call("GET", f"{V1}/whoami"))["owner"]["id"]]
        people += [user(server, "administrator")["id"] for _ in range(3)]

        def edit(number: int, change: dict[str, object]) -> tuple[int, str]:
            answer = server.call("PATCH", f"{V1}/owners/{people[number]}", change, token=token)
            return (200, "") if answer.status == 200 else problem(answer)

        changes: tuple[dict[str, object], ...] = (
            {"roles": ["user"]}, {"state": "disabled"}, {"roles": []}, {"state": "disabled"},
        )  # fmt: skip
        for _ in range(6):
            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(edit, range(4), changes))
            assert sorted(answers) == [(200, "")] * 3 + [(409, "wrong_state")]
            for number in range(4):
                back: dict[str, object] = {"roles": ["administrator"], "state": "active"}
                assert edit(number, back) == (200, "")


def test_what_an_administrator_disabled_only_one_enables(server: Server) -> None:
    _, boss = member(server, "manager")
    his = managed(server, boss)

    def turn(state: str, token: str = "") -> int:
        change = {"state": state, "name": server.unique("his")}
        return server.call("PATCH", f"{V1}/owners/{his}", change, token=token).status

    assert [turn("disabled", boss), turn("active", boss)] == [200, 200]
    assert [turn("disabled"), turn("active", boss)] == [200, 403]
    # Nor does he make it his by disabling it once more; all else stays his to change.
    assert [turn("disabled", boss), turn("active", boss)] == [200, 403]
    assert [turn("active"), turn("disabled", boss)] == [200, 200]
    # An administrator who disables what is disabled means it.
    assert [turn("disabled"), turn("active", boss), turn("active")] == [200, 403, 200]


def test_the_last_administrator_stays(tmp_path: Path) -> None:
    """On a server of its own: another test's administrator would be one more."""
    with running(tmp_path / "data") as server:
        admin = ok(server.call("GET", f"{V1}/whoami"))["owner"]["id"]
        for change in ({"roles": ["user"]}, {"state": "disabled"}):
            refused = server.call("PATCH", f"{V1}/owners/{admin}", change)
            assert problem(refused) == (409, "wrong_state")
