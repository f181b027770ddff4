"""Every route, presented every state of credential: the answers are a table that is diffed.

`KEYSTEAD_TEST_REWRITE=1 pytest tests/doors/test_rights_matrix.py` writes the table anew;
a change of it is read like a change of the code.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import pytest

from keystead.api.oauth.endpoints import ENDPOINTS
from keystead.api.oauth.metadata import JWKS, documents
from keystead.api.routes import ROUTES, Route
from keystead.core.clock import MINUTE
from keystead.core.secret import Secret
from keystead.gate.acts.operation import OPERATIONS, Told
from keystead.policy.key_admin import KEY_ADMIN_PERMISSIONS
from keystead.policy.permissions import KEYSTEAD_API
from keystead.policy.scopes import Access, expand
from keystead.serving import build
from keystead.settings import read_settings
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import ALL, V1, application, ok, unknown_token
from tests.doors.route_requests import REQUESTS, Request, Stage, name_of, requested
from tests.doors.tables import agree
from tests.oauth.asking import Client, exchanged
from tests.running import Answer

TABLE: Final = Path(__file__).with_name("rights_matrix.txt")

OPEN: Final = ("/healthz", "/readyz", "/openapi.json", "/.well-known/jwks.json")
"""Routes that ask no credential and read none."""

REACHED_OTHERWISE: Final = {
    # By `?path=` of the list beside it.
    "account.find",
    "folder.find",
    # By `?dry_run=true` of the change itself.
    "api.preview_edit",
    "api.preview_delete",
    # A long reading that was entered goes on in batches.
    "audit.export_more",
    "audit.verify_more",
    "audit.verify_joined",
    # The house's own, at its upkeep.
    "audit.join",
    "audit.cut",
    "signing_key.ensure",
    "signing_key.destroy",
    # By commands on the data directory.
    "master_key.rotate",
    "key.rotate",
    "key.retire",
    # The house's own too, for whoever reads the published keys.
    "signing_key.published",
}
"""Operations that no route names; what a client may ask for may only become less of it."""

MAY_CARRY: Final = ("POST /api/v1/owners", "PATCH /api/v1/owners/{id}")
"""Routes that answer a secret only where one was made: see test_passwords.py."""

PRESENTED: Final = (
    "none",
    "malformed",
    "unknown",
    "expired",
    "revoked",
    "disabled",
    "not yet valid",
    "owner disabled",
    "wrong scope",
    "no role",
    "wrong network",
    "right",
    "right, key",
    "right, client",
    "right, key admin",
    "right, access token",
    "cookie",
)
STRANGERS: Final = frozenset({*PRESENTED[:3], "cookie"})

OF_ANOTHER_KIND: Final = {
    "right, key": {"kind": "api_key"},
    "right, client": {"kind": "oauth_client"},
    "right, key admin": {"kind": "api_key", "type": "key_admin"},
    "right, access token": {"kind": "oauth_client"},
}
"""Besides the token: the same scopes, in a credential of another kind."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer."""

    route: Route
    presented: str
    answer: Answer
    credential_id: str = ""

    @property
    def request_id(self) -> str:
        return self.answer.headers["keystead-request-id"]

    @property
    def text(self) -> str:
        return self.answer.text


@dataclass(slots=True)
class House:
    """A server with credentials in every state."""

    stage: Stage
    states: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def furnish(cls, server: Clocked) -> House:
        house = cls(stage := Stage(server))
        end = server.after(hours=1)
        house.states["expired"] = stage.issue(expires_at=end)
        server.set(end)
        house.states["not yet valid"] = stage.issue(not_before=server.after(days=1))
        house.states["wrong network"] = stage.issue(networks=["192.0.2.1"])
        house.states["no role"] = stage.issue(owner_id=application(server)["id"])
        for state, act in (("revoked", "revoke"), ("disabled", "disable")):
            _, id_ = house.states[state] = stage.issue()
            ok(server.call("POST", f"{V1}/credentials/{id_}/{act}"))
        owner = application(server, "administrator")
        house.states["owner disabled"] = stage.issue(owner_id=owner["id"])
        ok(server.call("PATCH", f"{V1}/owners/{owner['id']}", {"state": "disabled"}))
        return house

    def present(  # noqa: PLR0911  # a way each
        self, presented: str, route: Route
    ) -> tuple[str | None, str]:
        """Return what is presented, and the id of its credential."""
        needed = route.verb.needs
        match presented:
            case "none" | "cookie":
                return None, ""
            case "malformed":
                return "kst_nonsense", ""
            case "unknown":
                return unknown_token(), ""
            case "wrong scope":
                return self.stage.issue(*(scope for scope in ALL if not gives(scope, needed)))
            case "right, key admin":
                # It holds nothing else, so that its own scopes are all that it can be refused with.
                own = needed if needed in KEY_ADMIN_PERMISSIONS else "self:rotate"
                return self.stage.issue(own, **OF_ANOTHER_KIND[presented])
            case "right, access token":
                return self._exchanged(needed)
            case "right" | "right, key" | "right, client":
                kind = OF_ANOTHER_KIND.get(presented, {})
                return self.stage.issue(needed or "self:rotate", **kind)
            case "no role" if route.verb.name == "credential.revoke_self":
                # What any credential may do, once: the others of this row have not ended theirs.
                return self.stage.issue(owner_id=application(self.stage.server)["id"])
            case _:
                return self.states[presented]

    def _exchanged(self, needed: str | None) -> tuple[str, str]:
        # No access token holds self:rotate, so that where this is needed it has another one.
        own = needed if needed not in {None, "self:rotate"} else "accounts:list"
        secret, _ = self.stage.issue(own, kind="oauth_client")
        token = exchanged(self.stage.server, Client(secret[:16], secret, {}))
        # It is entered by its own id, not by its client's.
        return token, f"cred_{token[4:16]}"


def gives(scope: str, needed: str | None) -> bool:
    return needed in expand(Access(KEYSTEAD_API, (scope,)))


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every answer, and the audit as it stood after them."""

    cells: tuple[Cell, ...]
    opened: dict[str, tuple[str, ...]]
    entries: dict[str, list[dict[str, Any]]]

    def known(self) -> Iterator[Cell]:
        """Return the answers to credentials that were recognised."""
        return (cell for cell in self.cells if cell.presented not in STRANGERS)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with running_clocked(tmp_path_factory.mktemp("matrix") / "data") as server:
        house = House.furnish(server)
        cells = tuple(_rows(house, server))
        opened = {path: tuple(_open_row(house, path)) for path in OPEN}
        exported = server.call("GET", f"{V1}/audit/export?format=jsonl").body.splitlines()
        entries: dict[str, list[dict[str, Any]]] = {}
        for line in exported[:-1]:
            event = json.loads(line)["entry"]["event"]
            entries.setdefault(event["request_id"], []).append(event)
        yield Matrix(cells, opened, entries)


def _rows(house: House, server: Clocked) -> Iterator[Cell]:
    for number, route in enumerate(ROUTES):
        # A minute of its own, so that every refusal gets an entry of its own.
        server.clock.go_on(MINUTE)
        yield from _row(house, route, number)


def _row(house: House, route: Route, number: int) -> Iterator[Cell]:
    # All refused attempts and the one that succeeds name one object: the refused ones left it as it was.
    request = requested(route, house.stage)
    source = f"127.0.1.{number + 1}"
    for presented in PRESENTED:
        if presented in OF_ANOTHER_KIND and route.verb.name != "owner.change_password":
            # The right token has done what there was to do.
            request = requested(route, house.stage)
        token, id_ = house.present(presented, route)
        headers = {"Cookie": "keystead_session=x"} if presented == "cookie" else {}
        answer = house.stage.server.call(
            route.method, request.path, request.body, token=token, source=source, headers=headers
        )
        yield Cell(route, presented, answer, id_)
        if route.verb.name == "owner.change_password" and answer.status == route.status:
            # What was new is the current one now.
            request = changed_back(request)


def changed_back(request: Request) -> Request:
    """Return the request that undoes a change of a password."""
    assert isinstance(request.body, dict)
    new, current = request.body["current"], request.body["new"]
    return Request(request.path, {"current": current, "new": new})


def _open_row(house: House, path: str) -> Iterator[str]:
    whoami = ROUTES[0]
    for presented in PRESENTED:
        token, _ = house.present(presented, whoami)
        yield str(house.stage.server.call("GET", path, token=token).status)


def _carries_secret(route: Route) -> bool:
    return route.answer is not None and any(map(_holds, get_type_hints(route.answer).values()))


def _holds(kind: object) -> bool:
    return kind is Secret or any(map(_holds, get_args(kind)))


def _table(matrix: Matrix) -> list[tuple[str, ...]]:
    head = ("route", "operation", "needs", "told", "secret", *PRESENTED)
    rows: list[tuple[str, ...]] = [head]
    for route in ROUTES:
        verb = route.verb
        texts = [cell.text for cell in matrix.cells if cell.route is route]
        secret = "secret" if _carries_secret(route) else ""
        rows.append((name_of(route), verb.name, verb.needs or "any", verb.told, secret, *texts))
    for path, cells in matrix.opened.items():
        rows.append((f"GET {path}", "(open)", "nothing", "not at all", "", *cells))
    return rows


def test_every_route_has_a_request_in_the_matrix() -> None:
    assert list(REQUESTS) == [name_of(route) for route in ROUTES]


def test_the_application_has_no_door_besides_the_table_and_the_open_ones(
    clocked: Clocked,
) -> None:
    async def paths() -> set[str]:
        served = build(read_settings(clocked.data))
        async with served.lifespan():
            return {route.path for route in served.routes}

    # Everything below /api is found in the table of routes, and nowhere else; OAuth's endpoints have a
    # matrix of their own, and its documents are open.
    oauth = {endpoint.path for endpoint in ENDPOINTS} | {*documents(clocked.url), JWKS}
    assert asyncio.run(paths()) == {"/api", *OPEN, *oauth}
    assert all(route.path.startswith("/api/") for route in ROUTES)


def test_every_operation_is_reached_by_a_route() -> None:
    reached = {route.verb.name for route in ROUTES}
    reached |= {endpoint.verb.name for endpoint in ENDPOINTS}
    unreached = set(OPERATIONS) - reached
    assert unreached == REACHED_OTHERWISE


def test_the_matrix_is_the_one_that_was_agreed(matrix: Matrix) -> None:
    agree(_table(matrix), TABLE)


def test_the_right_credential_succeeds_with_the_one_scope_alone(matrix: Matrix) -> None:
    wrong = [
        (name_of(cell.route), cell.text)
        for cell in matrix.cells
        if cell.presented == "right" and cell.answer.status != cell.route.status
    ]
    assert not wrong


def test_each_success_is_entered_or_counted_as_declared(matrix: Matrix) -> None:
    for cell in matrix.known():
        if cell.answer.status >= 400:
            continue
        entries = matrix.entries.get(cell.request_id, [])
        told = [(e["decision"], e["verb"], e["actor"]["credential_id"]) for e in entries]
        wanted = [("allowed", cell.route.verb.verb, cell.credential_id)]
        expected = wanted if cell.route.verb.told is Told.ENTERED else []
        assert told == expected, name_of(cell.route)


def test_each_refusal_of_a_known_credential_is_entered(matrix: Matrix) -> None:
    refused = [cell for cell in matrix.known() if cell.answer.status >= 400]
    for cell in refused:
        (entry,) = matrix.entries[cell.request_id]
        told = (entry["decision"], entry["code"], entry["verb"], entry["actor"]["credential_id"])
        wanted = ("refused", cell.answer.code, cell.route.verb.verb, cell.credential_id)
        assert told == wanted, (name_of(cell.route), cell.presented)
    assert len(refused) > len(ROUTES) * 6


def test_no_refusal_of_a_stranger_names_a_credential(matrix: Matrix) -> None:
    for cell in matrix.cells:
        if cell.presented in STRANGERS:
            for entry in matrix.entries.get(cell.request_id, []):
                assert entry["actor"] == {"owner_id": "", "credential_id": "", "kind": "stranger"}


def test_no_answer_is_kept_by_a_cache(matrix: Matrix) -> None:
    assert any(_carries_secret(route) for route in ROUTES)
    for cell in matrix.cells:
        assert cell.answer.headers["cache-control"] == "no-store", name_of(cell.route)
        assert cell.answer.headers["x-content-type-options"] == "nosniff", name_of(cell.route)


def test_only_a_route_declared_so_answers_a_secret(matrix: Matrix) -> None:
    for cell in matrix.cells:
        if cell.answer.status >= 400 or not cell.answer.body:
            continue
        marks = (b'"secret":"ks', b'"fields":{', b'"password":"')
        has = any(mark in cell.answer.body for mark in marks)
        if has or name_of(cell.route) not in MAY_CARRY:
            assert has == _carries_secret(cell.route), name_of(cell.route)


def test_malformed_and_unknown_are_one_answer(matrix: Matrix) -> None:
    def body(cell: Cell) -> dict[str, Any]:
        return {k: v for k, v in cell.answer.json().items() if k != "request_id"}

    for route in ROUTES:
        row = {cell.presented: cell for cell in matrix.cells if cell.route is route}
        assert body(row["malformed"]) == body(row["unknown"])
