"""OAuth's endpoints answer as the API's description says, whatever form they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from keystead.api.oauth.endpoints import ENDPOINTS, Endpoint
from keystead.api.openapi import describe
from tests.doors.cast import ok
from tests.oauth.asking import client, key

if TYPE_CHECKING:
    from tests.running import Server

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def _path(endpoint: Endpoint) -> str:
    return endpoint.path


def test_every_endpoint_is_described_with_its_form(server: Server) -> None:
    found = ok(server.call("GET", "/openapi.json", token=None))
    for endpoint in ENDPOINTS:
        described = found["paths"][endpoint.path]["post"]
        (media,) = described["requestBody"]["content"]
        assert media == "application/x-www-form-urlencoded"
        form = found["components"]["schemas"][endpoint.form.__name__]
        assert set(form["required"]) == set(endpoint.required)
        assert set(form["properties"]) == set(endpoint.form.__struct_fields__)
        kinds = {name: described["type"] for name, described in form["properties"].items()}
        assert set(kinds.values()) <= {"string", "array"}
        assert {name for name, kind in kinds.items() if kind == "array"} <= {"resource"}
        assert str(endpoint.verb.told) in described["description"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=_path)
def test_an_endpoint_answers_as_it_is_described(server: Server, endpoint: Endpoint) -> None:
    _fuzz(server, endpoint, 12)


@pytest.mark.trial
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=_path)
def test_an_endpoint_answers_as_it_is_described_at_length(
    server: Server, endpoint: Endpoint
) -> None:
    _fuzz(server, endpoint, 1000)


def _fuzz(server: Server, endpoint: Endpoint, examples: int) -> None:
    scopes = ("tokens:verify", "tokens:assert-ip", "accounts:list")
    proofs = [client(server, *scopes).basic, key(server, *scopes).basic, None]
    operation = schemathesis.openapi.from_dict(describe((), ENDPOINTS))[endpoint.path]["POST"]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), proof=st.sampled_from(proofs), granting=st.booleans())
    def ask(case: Any, proof: str | None, granting: bool) -> None:  # noqa: ANN401  # schemathesis' own
        if granting and isinstance(case.body, dict):
            case.body["grant_type"] = "client_credentials"
            if proof is not None:
                case.body.pop("client_secret", None)
                case.body.pop("client_id", None)
        headers = {} if proof is None else {"Authorization": proof}
        response = case.call(base_url=server.url, headers=headers)
        case.validate_response(response, checks=CHECKS)

    ask()
