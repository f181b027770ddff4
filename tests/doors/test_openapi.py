"""The API's own description: it is valid, it is whole, and the API does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31

from keystead.api.oauth.endpoints import ENDPOINTS
from keystead.api.openapi import describe
from keystead.api.routes import ROUTES, Route
from tests.doors.cast import ALL, V1, application, ok
from tests.doors.registering import register
from tests.running import Server, running

DEFAULTS: Final = {
    "max_lifetime_days": None, "allow_never": True, "require_networks": False,
    "require_description": False, "max_networks": 10, "require_public_networks": False,
}  # fmt: skip
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def _templated(path: str) -> str:
    return path.replace("{path:path}", "{path}")


def test_the_description_is_a_valid_openapi_3_1(server: Server) -> None:
    found = ok(server.call("GET", "/openapi.json", token=None))
    assert found["openapi"].startswith("3.1.")
    Draft202012Validator(OPENAPI_31).validate(found)


def test_every_process_describes_it_in_the_same_bytes() -> None:
    program = (
        "import msgspec, sys; from keystead.api.openapi import describe; "
        "from keystead.api.oauth.endpoints import ENDPOINTS; from keystead.api.routes import ROUTES; "
        "sys.stdout.buffer.write(msgspec.json.encode(describe(ROUTES, ENDPOINTS)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1


def test_every_schema_in_it_is_a_valid_json_schema(server: Server) -> None:
    found = ok(server.call("GET", "/openapi.json", token=None))
    for schema in found["components"]["schemas"].values():
        Draft202012Validator({**schema, "components": found["components"]})


def test_every_reference_in_it_leads_somewhere(server: Server) -> None:
    answer = server.call("GET", "/openapi.json", token=None)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.body.decode()))
    assert named <= set(answer.json()["components"]["schemas"])


def test_it_describes_every_route_and_no_other(server: Server) -> None:
    found = ok(server.call("GET", "/openapi.json", token=None))
    described = {(method.upper(), path) for path, item in found["paths"].items() for method in item}
    routes = {(route.method, _templated(route.path)) for route in ROUTES}
    assert described == routes | {("POST", endpoint.path) for endpoint in ENDPOINTS}


def test_every_operation_says_what_it_needs_and_how_it_is_told(server: Server) -> None:
    found = ok(server.call("GET", "/openapi.json", token=None))
    ids = []
    for route in ROUTES:
        described = found["paths"][_templated(route.path)][route.method.lower()]
        ids.append(described["operationId"])
        assert described["summary"]
        assert (str(route.verb.needs) if route.verb.needs else "any") in described["description"]
        assert str(route.verb.told) in described["description"]
    assert len(ids) == len(set(ids))


def test_every_change_takes_a_key_and_nothing_else_does(server: Server) -> None:
    found = ok(server.call("GET", "/openapi.json", token=None))
    for route in ROUTES:
        described = found["paths"][_templated(route.path)][route.method.lower()]
        named = {each["name"] for each in described["parameters"] if each["in"] == "header"}
        assert named == ({"Idempotency-Key"} if route.changes else set())
        answer = described["responses"][str(route.status)]
        assert ("headers" in answer) == route.changes


@dataclass(frozen=True, slots=True)
class Target:
    """A server with one living object of each noun, and a token for each route."""

    server: Server
    ids: dict[str, str]
    path: str


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running(tmp_path_factory.mktemp("fuzzed") / "data") as server:
        folder = server.folder()
        account = server.account(folder["id"])
        ids = {
            "folders": folder["id"],
            "accounts": account["id"],
            "owners": application(server)["id"],
            "groups": ok(server.call("POST", f"{V1}/groups", {"name": "fuzzed"}), 201)["id"],
            "credentials": server.token("folders:list")[1]["id"],
            "apis": register(server)["id"],
        }
        yield Target(server, ids, account["path"])


def _fuzz(target: Target, route: Route, examples: int) -> None:
    # Whatever rules were made up for the organisation, they bind no further route.
    ok(target.server.call("PATCH", f"{V1}/settings", DEFAULTS))
    token, _ = target.server.token(*ALL)
    schema = schemathesis.openapi.from_dict(describe(ROUTES, ENDPOINTS))
    operation = schema[_templated(route.path)][route.method]
    noun = route.path.split("/")[3] if route.path.count("/") > 2 else ""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), living=st.booleans())
    def ask(case: Any, living: bool) -> None:  # noqa: ANN401  # schemathesis' own
        if living and "{id}" in route.path:
            case.path_parameters["id"] = target.ids[noun]
        elif living and "{path" in route.path:
            case.path_parameters["path"] = target.path
        headers = {"Authorization": f"Bearer {token}"}
        response = case.call(base_url=target.server.url, headers=headers)
        case.validate_response(response, checks=CHECKS)

    ask()


@pytest.mark.parametrize("route", ROUTES, ids=_name)
def test_a_route_answers_as_it_is_described(target: Target, route: Route) -> None:
    _fuzz(target, route, 6)


@pytest.mark.trial
@pytest.mark.parametrize("route", ROUTES, ids=_name)
def test_a_route_answers_as_it_is_described_at_length(target: Target, route: Route) -> None:
    _fuzz(target, route, 500)
