"""Every route, presented every state of credential: the answers are a table that is diffed.

`KEYSTEAD_REWRITE=1 pytest tests/doors/test_rights_matrix.py` writes the table anew; a change of it is read
like a change of the code.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import pytest

from keystead.api.routes import ROUTES, Route
from keystead.core.secret import Secret
from keystead.gate.operation import OPERATIONS, Told
from keystead.main import build
from keystead.settings import read_settings
from tests.doors.cast import ALL, V1, application, in_future, ok, path_of, unknown_token
from tests.running import Answer, Server, running

TABLE: Final = Path(__file__).with_name("rights_matrix.txt")

OPEN: Final = ("/healthz", "/readyz", "/openapi.json")
"""Routes that ask no credential and read none."""

REACHED_OTHERWISE: Final = {
    # By `?path=` of the list beside it.
    "account.find",
    "folder.find",
    # A long reading that was entered goes on in batches.
    "audit.export_more",
    "audit.verify_more",
}
"""Operations that no route names; this list may only shrink."""

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
    "wrong network",
    "right",
)
STRANGERS: Final = frozenset(PRESENTED[:3])


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to a route, whatever is presented."""

    path: str
    body: object = None


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
        if self.answer.headers.get("content-type") == "application/problem+json":
            return f"{self.answer.status} {self.answer.code}"
        return str(self.answer.status)


@dataclass(slots=True)
class House:
    """A server with credentials in every state."""

    server: Server
    states: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def furnish(cls, server: Server) -> House:
        house = cls(server)
        expired = in_future(seconds=1.2)
        house.states["expired"] = house.issue(expires_at=expired)
        house.states["not yet valid"] = house.issue(not_before=in_future(days=1))
        house.states["wrong network"] = house.issue(networks=["192.0.2.1"])
        for state, act in (("revoked", "revoke"), ("disabled", "disable")):
            text, id_ = house.states[state] = house.issue()
            ok(server.call("POST", f"{V1}/credentials/{id_}/{act}"))
            assert text
        owner = application(server, "administrator")
        house.states["owner disabled"] = house.issue(owner_id=owner["id"])
        ok(server.call("PATCH", f"{V1}/owners/{owner['id']}", {"state": "disabled"}))
        while in_future() <= expired:
            time.sleep(0.05)
        return house

    def issue(self, *scopes: str, **more: object) -> tuple[str, str]:
        """Issue a token, with every scope if none is named; return its text and its id."""
        text, record = self.server.token(*(scopes or ALL), **more)
        return text, record["id"]

    def present(self, presented: str, route: Route) -> tuple[str | None, str]:
        """Return what is presented, and the id of its credential."""
        needed = route.verb.needs
        match presented:
            case "none":
                return None, ""
            case "malformed":
                return "kst_nonsense", ""
            case "unknown":
                return unknown_token(), ""
            case "wrong scope":
                return self.issue(*(scope for scope in ALL if scope != needed))
            case "right":
                return self.issue(needed or "self:rotate")
            case _:
                return self.states[presented]


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def _new_folder(house: House) -> dict[str, Any]:
    return house.server.folder()


def _new_account(house: House) -> dict[str, Any]:
    return house.server.account(_new_folder(house)["id"])


def _on_credential(scope: str, suffix: str = "", body: object = None) -> Callable[[House], Request]:
    def make(house: House) -> Request:
        # It holds the one scope that the right credential holds too, so that it is no more than that.
        _, id_ = house.issue(scope)
        return Request(f"{V1}/credentials/{id_}{suffix}", body)

    return make


def _on_account(suffix: str = "", body: object = None) -> Callable[[House], Request]:
    return lambda house: Request(f"{V1}/accounts/{_new_account(house)['id']}{suffix}", body)


def _on_folder(body: object = None) -> Callable[[House], Request]:
    return lambda house: Request(f"{V1}/folders/{_new_folder(house)['id']}", body)


def _on_owner(body: object = None) -> Callable[[House], Request]:
    return lambda house: Request(f"{V1}/owners/{application(house.server)['id']}", body)


def _at(path: str, body: object = None) -> Callable[[House], Request]:
    return lambda _: Request(path, body)


def _new_credential(house: House) -> Request:
    wanted = {"kind": "api_token", "name": house.server.unique("issued"), "expires_at": None}
    return Request(f"{V1}/credentials", {**wanted, "scopes": ["credentials:create"]})


def _by_path(house: House) -> Request:
    folder = _new_folder(house)
    account = house.server.account(folder["id"])
    return Request(f"{V1}/secrets/{path_of(folder['name'], account['name'])}")


REQUESTS: Final[dict[str, Callable[[House], Request]]] = {
    "GET /api/": _at("/api/"),
    "GET /api/v1/whoami": _at(f"{V1}/whoami"),
    "GET /api/v1/credentials": _at(f"{V1}/credentials"),
    "POST /api/v1/credentials": _new_credential,
    "GET /api/v1/credentials/{id}": _on_credential(
        "credentials:read",
    ),
    "PATCH /api/v1/credentials/{id}": _on_credential(
        "credentials:edit", body={"description": "changed"}
    ),
    "DELETE /api/v1/credentials/{id}": _on_credential(
        "credentials:delete",
    ),
    "POST /api/v1/credentials/{id}/rotate": _on_credential(
        "credentials:rotate", "/rotate", {"overlap_seconds": 60}
    ),
    "POST /api/v1/credentials/{id}/revoke": _on_credential("credentials:revoke", "/revoke"),
    "POST /api/v1/credentials/{id}/disable": _on_credential("credentials:revoke", "/disable"),
    "POST /api/v1/credentials/{id}/enable": _on_credential("credentials:revoke", "/enable"),
    "GET /api/v1/credentials/{id}/secrets": _on_credential("credentials:read", "/secrets"),
    "POST /api/v1/self/rotate": _at(f"{V1}/self/rotate"),
    "POST /api/v1/self/revoke": _at(f"{V1}/self/revoke"),
    "GET /api/v1/owners": _at(f"{V1}/owners"),
    "POST /api/v1/owners": lambda house: Request(
        f"{V1}/owners", {"kind": "application", "name": house.server.unique("made")}
    ),
    "GET /api/v1/owners/{id}": _on_owner(),
    "PATCH /api/v1/owners/{id}": _on_owner({"email": "a@example.com"}),
    "GET /api/v1/folders": _at(f"{V1}/folders"),
    "POST /api/v1/folders": lambda house: Request(
        f"{V1}/folders", {"name": house.server.unique("made")}
    ),
    "GET /api/v1/folders/{id}": _on_folder(),
    "PATCH /api/v1/folders/{id}": lambda house: Request(
        f"{V1}/folders/{_new_folder(house)['id']}", {"name": house.server.unique("renamed")}
    ),
    "DELETE /api/v1/folders/{id}": _on_folder(),
    "GET /api/v1/accounts": _at(f"{V1}/accounts"),
    "POST /api/v1/accounts": lambda house: Request(
        f"{V1}/accounts",
        {"folder_id": _new_folder(house)["id"], "name": "made", "fields": {"password": "p"}},
    ),
    "GET /api/v1/accounts/{id}": _on_account(),
    "PATCH /api/v1/accounts/{id}": _on_account(body={"notes": "changed"}),
    "DELETE /api/v1/accounts/{id}": _on_account(),
    "GET /api/v1/accounts/{id}/versions": _on_account("/versions"),
    "GET /api/v1/accounts/{id}/secret": _on_account("/secret"),
    "PUT /api/v1/accounts/{id}/secret": _on_account("/secret", {"fields": {"password": "q"}}),
    "GET /api/v1/secrets/{path:path}": _by_path,
    "GET /api/v1/audit/events": _at(f"{V1}/audit/events"),
    "GET /api/v1/audit/export": _at(f"{V1}/audit/export"),
    "GET /api/v1/audit/verify": _at(f"{V1}/audit/verify"),
}
"""For each route a request that succeeds; the test below fails where one is missing."""


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
    with running(tmp_path_factory.mktemp("matrix") / "data") as server:
        house = House.furnish(server)
        cells = tuple(cell for i, route in enumerate(ROUTES) for cell in _row(house, route, i))
        opened = {path: tuple(_open_row(house, path)) for path in OPEN}
        exported = server.call("GET", f"{V1}/audit/export?format=jsonl").body.splitlines()
        entries: dict[str, list[dict[str, Any]]] = {}
        for line in exported[:-1]:
            event = json.loads(line)["entry"]["event"]
            entries.setdefault(event["request_id"], []).append(event)
        yield Matrix(cells, opened, entries)


def _row(house: House, route: Route, number: int) -> Iterator[Cell]:
    # All refused attempts and the one that succeeds name one object: the refused ones left it as it was.
    request = REQUESTS[_name(route)](house)
    source = f"127.0.1.{number + 1}"
    for presented in PRESENTED:
        token, id_ = house.present(presented, route)
        answer = house.server.call(
            route.method, request.path, request.body, token=token, source=source
        )
        yield Cell(route, presented, answer, id_)


def _open_row(house: House, path: str) -> Iterator[str]:
    whoami = ROUTES[0]
    for presented in PRESENTED:
        token, _ = house.present(presented, whoami)
        yield str(house.server.call("GET", path, token=token).status)


def _carries_secret(route: Route) -> bool:
    return route.answer is not None and any(map(_holds, get_type_hints(route.answer).values()))


def _holds(kind: object) -> bool:
    return kind is Secret or any(map(_holds, get_args(kind)))


def _rendered(matrix: Matrix) -> str:
    head = ("route", "operation", "needs", "told", "secret", *PRESENTED)
    rows: list[tuple[str, ...]] = [head]
    for route in ROUTES:
        verb = route.verb
        texts = [cell.text for cell in matrix.cells if cell.route is route]
        secret = "secret" if _carries_secret(route) else ""
        rows.append((_name(route), verb.name, verb.needs or "any", verb.told, secret, *texts))
    for path, cells in matrix.opened.items():
        rows.append((f"GET {path}", "(open)", "nothing", "not at all", "", *cells))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def test_every_route_has_a_request_in_the_matrix() -> None:
    assert list(REQUESTS) == [_name(route) for route in ROUTES]


def test_the_application_has_no_door_besides_the_table_and_the_open_ones(server: Server) -> None:
    async def paths() -> set[str]:
        served = build(read_settings(server.data))
        async with served.lifespan():
            return {route.path for route in served.routes}

    # Everything below /api is found in the table of routes, and nowhere else.
    assert asyncio.run(paths()) == {"/api", *OPEN}
    assert all(route.path.startswith("/api/") for route in ROUTES)


def test_every_operation_is_reached_by_a_route() -> None:
    unreached = set(OPERATIONS) - {route.verb.name for route in ROUTES}
    assert unreached == REACHED_OTHERWISE


def test_the_matrix_is_the_one_that_was_agreed(matrix: Matrix) -> None:
    rendered = _rendered(matrix)
    if os.environ.get("KEYSTEAD_REWRITE") == "1":
        TABLE.write_text(rendered, "utf-8")
    assert rendered == TABLE.read_text("utf-8")


def test_the_right_credential_succeeds_with_the_one_scope_alone(matrix: Matrix) -> None:
    wrong = [
        (_name(cell.route), cell.text)
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
        assert told == expected, _name(cell.route)


def test_each_refusal_of_a_known_credential_is_entered(matrix: Matrix) -> None:
    refused = [cell for cell in matrix.known() if cell.answer.status >= 400]
    for cell in refused:
        (entry,) = matrix.entries[cell.request_id]
        told = (entry["decision"], entry["code"], entry["verb"], entry["actor"]["credential_id"])
        wanted = ("refused", cell.answer.code, cell.route.verb.verb, cell.credential_id)
        assert told == wanted, (_name(cell.route), cell.presented)
    assert len(refused) > len(ROUTES) * 6


def test_no_refusal_of_a_stranger_names_a_credential(matrix: Matrix) -> None:
    for cell in matrix.cells:
        if cell.presented in STRANGERS:
            for entry in matrix.entries.get(cell.request_id, []):
                assert entry["actor"] == {"owner_id": "", "credential_id": "", "kind": "stranger"}


def test_no_answer_is_kept_by_a_cache(matrix: Matrix) -> None:
    assert any(_carries_secret(route) for route in ROUTES)
    for cell in matrix.cells:
        assert cell.answer.headers["cache-control"] == "no-store", _name(cell.route)
        assert cell.answer.headers["x-content-type-options"] == "nosniff", _name(cell.route)


def test_only_a_route_declared_so_answers_a_secret(matrix: Matrix) -> None:
    for cell in matrix.cells:
        if cell.answer.status >= 400 or not cell.answer.body:
            continue
        has = b'"secret":"kst_' in cell.answer.body or b'"fields":{' in cell.answer.body
        assert has == _carries_secret(cell.route), _name(cell.route)


def test_malformed_and_unknown_are_one_answer(matrix: Matrix) -> None:
    def body(cell: Cell) -> dict[str, Any]:
        return {k: v for k, v in cell.answer.json().items() if k != "request_id"}

    for route in ROUTES:
        row = {cell.presented: cell for cell in matrix.cells if cell.route is route}
        assert body(row["malformed"]) == body(row["unknown"])
