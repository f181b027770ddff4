"""Every route, asked with every scope in every role, about another's things and one's own: a table.

`KEYSTEAD_TEST_REWRITE=1 pytest tests/doors/test_role_matrix.py` writes the table anew;
a change of it is read like a change of the code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from keystead.api.routes import ROUTES, Route
from tests.doors.cast import application, problem
from tests.doors.route_requests import Stage, name_of, requested
from tests.doors.tables import agree
from tests.running import Server

TABLE: Final = Path(__file__).with_name("role_matrix.txt")

ROLES: Final = ("none", "user", "auditor", "manager", "administrator")
WHOSE: Final = ("another's", "own")
ASKED: Final = tuple((role, whose) for role in ROLES for whose in WHOSE)

CHANGING: Final = frozenset({"POST", "PATCH", "PUT", "DELETE"})
OF_ONESELF: Final = ("POST /api/v1/self/rotate", "POST /api/v1/self/revoke")
FOR_ANYBODY: Final = ("GET /api/", "GET /api/v1/whoami", "POST /api/v1/self/revoke")

Matrix = dict[str, dict[tuple[str, str], str]]


@pytest.fixture(scope="module")
def matrix(server: Server) -> Matrix:
    owners = {
        role: str(application(server, *(() if role == "none" else (role,)))["id"]) for role in ROLES
    }
    return {
        name_of(route): {
            (role, whose): _outcome(server, route, owners[role], whose) for role, whose in ASKED
        }
        for route in ROUTES
    }


def _outcome(server: Server, route: Route, owner_id: str, whose: str) -> str:
    # Each has an object of its own, for some of them change it.
    request = requested(route, Stage(server, owner_id if whose == "own" else ""))
    token, _ = Stage(server, owner_id).issue()
    answer = server.call(route.method, request.path, request.body, token=token)
    if answer.status == route.status:
        return "yes"
    # An application has no password to change; the story of a user's is in test_passwords.py.
    refusals = {(403, "insufficient_scope"), (404, "not_found"), (403, "wrong_password")}
    assert problem(answer) in refusals, name_of(route)
    return str(answer.status)


def test_the_roles_are_the_ones_that_were_agreed(matrix: Matrix) -> None:
    head = ("route", "needs", *(f"{role}, {whose}" for role, whose in ASKED))
    needs = {name_of(route): route.verb.needs or "any" for route in ROUTES}
    rows = [(name, needs[name], *cells.values()) for name, cells in matrix.items()]
    agree([head, *rows], TABLE)


def test_without_a_role_nothing_is_reached_whatever_the_scopes_and_the_grants(
    matrix: Matrix,
) -> None:
    for name, cells in matrix.items():
        reached = {cells["none", whose] for whose in WHOSE}
        assert reached == ({"yes"} if name in FOR_ANYBODY else {"403"}), name


def test_an_auditor_changes_nothing_but_himself(matrix: Matrix) -> None:
    for route in ROUTES:
        if route.method in CHANGING and name_of(route) not in OF_ONESELF:
            cells = matrix[name_of(route)]
            assert {cells["auditor", whose] for whose in WHOSE} == {"403"}, name_of(route)


def test_no_role_reaches_more_of_anothers_than_of_its_own(matrix: Matrix) -> None:
    for name, cells in matrix.items():
        for role in ROLES:
            if cells[role, "another's"] == "yes":
                assert cells[role, "own"] == "yes", (name, role)


def test_no_role_reaches_anothers_value(matrix: Matrix) -> None:
    for route in ROUTES:
        if route.verb.name.startswith("secret."):
            cells = matrix[name_of(route)]
            assert "yes" not in {cells[role, "another's"] for role in ROLES}, name_of(route)
