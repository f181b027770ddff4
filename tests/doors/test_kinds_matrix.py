"""Every route, presented credentials of the other kinds in every wrong state: what is wrong is said first.

`test_rights_matrix.py` does so with tokens. The table here has a line for each answer and says which routes
gave it; `KEYSTEAD_TEST_REWRITE=1 pytest tests/doors/test_kinds_matrix.py` writes it anew, to be read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from keystead.api.routes import ROUTES, Route
from keystead.core.clock import MINUTE
from keystead.policy.key_admin import KEY_ADMIN, KEY_ADMIN_PERMISSIONS
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import ALL, V1, application, ok
from tests.doors.route_requests import Stage, name_of, requested
from tests.doors.tables import agree
from tests.doors.test_rights_matrix import changed_back, gives
from tests.oauth.asking import Client, basic, client, exchanged, post

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.running import Answer

TABLE: Final = Path(__file__).with_name("kinds_matrix.txt")

KINDS: Final[dict[str, dict[str, str]]] = {
    "key": {"kind": "api_key"},
    "key as pair": {"kind": "api_key"},
    "key admin": {"kind": "api_key", "type": KEY_ADMIN},
    "client": {"kind": "oauth_client"},
    "client as pair": {"kind": "oauth_client"},
    "token of a key": {"kind": "api_key"},
    "token of a client": {"kind": "oauth_client"},
}
MINTED: Final = ("token of a key", "token of a client")
ENDED: Final = ("expired", "revoked", "deleted", "disabled", "not yet valid", "owner disabled",
    "wrong network", "rotated away")  # fmt: skip
LACKING: Final = ("wrong scope", "no role")
GIVEN_BACK: Final = "given back"


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer."""

    route: Route
    kind: str
    state: str
    answer: Answer
    credential_id: str

    @property
    def text(self) -> str:
        return self.answer.text


@dataclass(slots=True)
class Cast:
    """A server, and each kind in each state that is refused everywhere: its header, and its id."""

    server: Clocked
    ended: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, server: Clocked) -> Cast:
        cast = cls(server)
        end = server.after(hours=1)
        for kind in KINDS:
            cast.end(kind, "expired", expires_at=end)
        server.set(end)
        owner = application(server, "administrator")["id"]
        for kind in KINDS:
            for state, act in (("revoked", "revoke"), ("disabled", "disable")):
                ok(server.call("POST", f"{cast.end(kind, state).path}/{act}"))
            ok(server.call("DELETE", cast.end(kind, "deleted").path), 204)
            now = {"overlap_seconds": 0, "end_access_tokens": kind in MINTED}
            ok(server.call("POST", f"{cast.end(kind, 'rotated away').path}/rotate", now))
            for state, edit in (
                ("not yet valid", {"not_before": server.after(days=1)}),
                ("wrong network", {"networks": ["192.0.2.1"]}),
            ):
                ok(server.call("PATCH", cast.end(kind, state).path, edit))
            cast.end(kind, "owner disabled", owner_id=owner)
            if kind in MINTED:
                made = cast.end(kind, GIVEN_BACK)
                token = cast.ended[kind, GIVEN_BACK][0].removeprefix("Bearer ")
                form = {"token": token}
                assert post(server, "/oauth/revoke", form, authorization=made.basic).status == 200
        ok(server.call("PATCH", f"{V1}/owners/{owner}", {"state": "disabled"}))
        return cast

    def end(self, kind: str, state: str, **more: Any) -> Client:  # noqa: ANN401
        """Make one that is good still, and note how it is presented."""
        made, *self.ended[kind, state] = self.make(kind, **more)  # type: ignore[assignment]
        return made

    def make(self, kind: str, *scopes: str, **more: Any) -> tuple[Client, str, str]:  # noqa: ANN401
        held = scopes or (tuple(sorted(KEY_ADMIN_PERMISSIONS)) if kind == "key admin" else ALL)
        made = client(self.server, *held, **KINDS[kind], **more)
        if kind in MINTED:
            token = exchanged(self.server, made)
            return made, f"Bearer {token}", f"cred_{token[4:16]}"
        header = basic(made.id, made.secret) if "pair" in kind else f"Bearer {made.secret}"
        return made, header, str(made.record["id"])

    def lacking(self, kind: str, state: str, route: Route) -> tuple[str, str]:
        """Make one for a route: it lacks the scope that is needed there, or its owner has no role."""
        if state == "wrong scope":
            needed = route.verb.needs
            return self.make(kind, *(scope for scope in ALL if not gives(scope, needed)))[1:]
        owner = application(self.server, "administrator")["id"]
        _, header, id_ = self.make(kind, owner_id=owner)
        ok(self.server.call("PATCH", f"{V1}/owners/{owner}", {"roles": []}))
        return header, id_


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every answer, and the audit as it stood after them."""

    cells: tuple[Cell, ...]
    entries: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with running_clocked(tmp_path_factory.mktemp("kinds-matrix") / "data") as server:
        cells = tuple(_cells(Cast.of(server)))
        entries: dict[str, list[dict[str, Any]]] = {}
        for line in server.call("GET", f"{V1}/audit/export?format=jsonl").body.splitlines()[:-1]:
            event = json.loads(line)["entry"]["event"]
            entries.setdefault(event["request_id"], []).append(event)
        yield Matrix(cells, entries)


def _cells(cast: Cast) -> Iterator[Cell]:
    for number, route in enumerate(ROUTES):
        # A minute of its own, so that every refusal gets an entry of its own.
        cast.server.clock.go_on(MINUTE)
        request = requested(route, Stage(cast.server))
        # What must be refused is asked for first, and leaves what it names as it was.
        asked = [(*key, *cast.ended[key]) for key in cast.ended]
        for kind in KINDS:
            if kind not in {"key admin", "client", "client as pair"}:
                asked += [(kind, s, *cast.lacking(kind, s, route)) for s in LACKING]
        for kind, state, header, id_ in asked:
            answer = cast.server.call(
                route.method, request.path, request.body, token=None,
                headers={"Authorization": header}, source=f"127.0.1.{number + 1}",
            )  # fmt: skip
            yield Cell(route, kind, state, answer, id_)
            if route.verb.name == "owner.change_password" and answer.status == route.status:
                # What was new is the current one now.
                request = changed_back(request)


def _table(matrix: Matrix) -> list[tuple[str, ...]]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for cell in matrix.cells:
        found.setdefault((cell.kind, cell.state, cell.text), []).append(name_of(cell.route))
    rows: list[tuple[str, ...]] = [("kind", "state", "answer", "routes")]
    for key, routes in sorted(found.items()):
        few = len(routes) <= len(ROUTES) // 2
        where = ", ".join(routes) if few else "every one" if len(routes) == len(ROUTES) else "else"
        rows.append((*key, where))
    return rows


def test_the_matrix_is_the_one_that_was_agreed(matrix: Matrix) -> None:
    agree(_table(matrix), TABLE)


def test_whatever_is_ended_is_refused_everywhere(matrix: Matrix) -> None:
    for cell in matrix.cells:
        if cell.state not in LACKING:
            assert cell.answer.status in {401, 403}, (name_of(cell.route), cell.kind, cell.state)


def test_each_refusal_of_a_known_credential_is_entered_once(matrix: Matrix) -> None:
    for cell in matrix.cells:
        if cell.answer.status < 400:
            continue
        (entry,) = matrix.entries[cell.answer.headers["keystead-request-id"]]
        told = (entry["decision"], entry["code"], entry["verb"], entry["actor"]["credential_id"])
        wanted = ("refused", cell.answer.code, cell.route.verb.verb, cell.credential_id)
        assert told == wanted, (name_of(cell.route), cell.kind, cell.state)
