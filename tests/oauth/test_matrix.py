"""Every endpoint, presented every kind of credential in every state: the answers are a table that is diffed.

`KEYSTEAD_TEST_REWRITE=1 pytest tests/oauth/test_matrix.py` writes the table anew; a change of it is read
like a change of the code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from keystead.api.oauth.endpoints import ENDPOINTS, Endpoint
from keystead.core.clock import MINUTE
from keystead.gate.acts.operation import Told
from tests.clocked import running_clocked
from tests.doors.cast import V1
from tests.doors.tables import agree
from tests.oauth.asking import error, post
from tests.oauth.cast import KINDS, PROVEN, STATES, STRANGERS, Cast, strangers
from tests.running import Answer

TABLE: Final = Path(__file__).with_name("oauth_matrix.txt")

FORMS: Final = {
    "/oauth/token": {"grant_type": "client_credentials"},
    "/auth/v2/token": {"grant_type": "client_credentials"},
    "/oauth/introspect": {"token": "nonsense"},
    "/oauth/revoke": {"token": "nonsense"},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer."""

    endpoint: Endpoint
    kind: str
    presented: str
    answer: Answer
    credential_id: str = ""

    @property
    def request_id(self) -> str:
        return self.answer.headers["keystead-request-id"]

    @property
    def text(self) -> str:
        if self.answer.status == 200:
            return "200"
        status, name = error(self.answer)
        return f"{status} {name}"


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every answer, and the audit as it stood after them."""

    cells: tuple[Cell, ...]
    entries: dict[str, list[dict[str, Any]]]

    def known(self) -> Iterator[Cell]:
        """Return the answers to credentials that were recognised."""
        return (cell for cell in self.cells if _recognised(cell))


def _recognised(cell: Cell) -> bool:
    # Where no bearer token is a proof, none is looked at.
    return cell.presented in STATES and (cell.endpoint.bearers or cell.kind in PROVEN)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with running_clocked(tmp_path_factory.mktemp("oauth-matrix") / "data") as server:
        cells = tuple(_cells(Cast.of(server)))
        exported = server.call("GET", f"{V1}/audit/export?format=jsonl").body.splitlines()
        entries: dict[str, list[dict[str, Any]]] = {}
        for line in exported[:-1]:
            event = json.loads(line)["entry"]["event"]
            entries.setdefault(event["request_id"], []).append(event)
        yield Matrix(cells, entries)


def _cells(cast: Cast) -> Iterator[Cell]:
    for n, endpoint in enumerate(ENDPOINTS):
        for m, kind in enumerate(KINDS):
            # A minute of its own, so that every refusal gets an entry of its own.
            cast.server.clock.go_on(MINUTE)
            how: dict[str, Any] = {"source": f"127.0.{n + 1}.{m + 1}"}
            given = {name: (prove, "") for name, prove in strangers(cast.server, kind).items()}
            given |= {state: cast.states[kind, state] for state in STATES}
            for presented, (prove, id_) in given.items():
                header, pairs = prove()
                more: dict[str, Any] = {"authorization": header} if header else {}
                form = [*FORMS[endpoint.path].items(), *pairs]
                answer = post(cast.server, endpoint.path, form, **how, **more)
                yield Cell(endpoint, kind, presented, answer, id_)


def _table(matrix: Matrix) -> list[tuple[str, ...]]:
    columns = (*STRANGERS, *STATES)
    rows: list[tuple[str, ...]] = [("endpoint", "operation", "needs", "told", "kind", *columns)]
    for endpoint in ENDPOINTS:
        verb = endpoint.verb
        for kind in KINDS:
            found = {
                cell.presented: cell.text
                for cell in matrix.cells
                if cell.endpoint is endpoint and cell.kind == kind
            }
            named = (endpoint.path, verb.name, str(verb.needs or "any"), str(verb.told), kind)
            rows.append((*named, *(found[column] for column in columns)))
    return rows


def test_every_endpoint_has_a_form_in_the_matrix() -> None:
    assert list(FORMS) == [endpoint.path for endpoint in ENDPOINTS]


def test_the_matrix_is_the_one_that_was_agreed(matrix: Matrix) -> None:
    agree(_table(matrix), TABLE)


def test_each_success_is_entered_or_counted_as_declared(matrix: Matrix) -> None:
    for cell in matrix.known():
        if cell.answer.status != 200:
            continue
        entries = matrix.entries.get(cell.request_id, [])
        told = [(e["decision"], e["verb"], e["actor"]["credential_id"]) for e in entries]
        wanted = [("allowed", cell.endpoint.verb.verb, cell.credential_id)]
        expected = wanted if cell.endpoint.verb.told is Told.ENTERED else []
        assert told == expected, (cell.endpoint.path, cell.kind, cell.presented)


def test_each_refusal_of_a_known_credential_is_entered(matrix: Matrix) -> None:
    refused = [cell for cell in matrix.known() if cell.answer.status >= 400]
    for cell in refused:
        (entry,) = matrix.entries[cell.request_id]
        told = (entry["decision"], entry["verb"], entry["actor"]["credential_id"])
        wanted = ("refused", cell.endpoint.verb.verb, cell.credential_id)
        assert told == wanted, (cell.endpoint.path, cell.kind, cell.presented)
    assert len(refused) > 50


def test_no_refusal_of_a_stranger_names_a_credential(matrix: Matrix) -> None:
    for cell in matrix.cells:
        if not _recognised(cell):
            for entry in matrix.entries.get(cell.request_id, []):
                assert entry["actor"]["kind"] == "stranger"


def test_no_answer_is_kept_by_a_cache(matrix: Matrix) -> None:
    for cell in matrix.cells:
        assert cell.answer.headers["cache-control"] == "no-store"
        assert cell.answer.headers["pragma"] == "no-cache"


def test_only_the_token_endpoints_answer_a_secret(matrix: Matrix) -> None:
    for cell in matrix.cells:
        assert (b"ksa_" in cell.answer.body) == (
            cell.answer.status == 200 and "token" in cell.endpoint.path
        )
