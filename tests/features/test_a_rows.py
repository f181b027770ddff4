"""Rows A of docs/features.md about APIs and what can be allowed on them, each through a real door."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from keystead.policy.samples.reading import read_sample
from tests.doors.cast import ok, problem
from tests.doors.registering import APIS, KEYSTEAD, access, give, given, identifier
from tests.doors.tokens import CREDENTIALS
from tests.features.asking import field_errors, wanted
from tests.running import Server


@pytest.fixture(scope="module")
def scanner(server: Server) -> dict[str, Any]:
    """The sample `scanner`, registered as anybody can register it."""
    body = {**json.loads(read_sample("scanner")), "identifier": identifier(server)}
    return dict(ok(server.call("POST", APIS, body), 201))


def scopes_of(api: dict[str, Any], group: str) -> dict[str, str]:
    """Return the scopes of one group, each with its sentence."""
    (found,) = [each for each in api["groups"] if each["key"] == group]
    return {
        action["scope"]: action["description"]
        for resource in found["resources"]
        for action in resource["actions"]
    }


def is_chosen_alone(server: Server, api: dict[str, Any], *scopes: str) -> None:
    """Each of the scopes can be given without another, and gives none of the others."""
    issuing = access(KEYSTEAD, "credentials:create")
    for scope in scopes:
        token, record = given(server, issuing, access(api, scope))
        assert record["access"][1]["scopes"] == [scope]
        for other in scopes:
            answer = give(server, access(api, other), token=token)
            if other == scope:
                assert answer.status == 201
            else:
                assert problem(answer) == (403, "insufficient_scope"), (scope, other)


def test_a8_scopes_come_in_groups_each_with_a_sentence(
    server: Server, scanner: dict[str, Any]
) -> None:
    for api in (scanner, ok(server.call("GET", f"{APIS}/keystead"))):
        for group in api["groups"]:
            assert group["label"]
            assert all(sentence.endswith(".") for sentence in scopes_of(api, group["key"]).values())
    refused = give(server, access(scanner, "scan:read", "scan:fly"))
    assert field_errors(refused) == {"access[0].scopes[1]"}


def test_a9_applications_are_created_deleted_and_read(
    server: Server, scanner: dict[str, Any]
) -> None:
    wanted = ("application:create", "application:delete", "application:read")
    assert tuple(scopes_of(scanner, "applications")) == wanted
    is_chosen_alone(server, scanner, *wanted)


def test_a10_reports_are_read(server: Server, scanner: dict[str, Any]) -> None:
    assert tuple(scopes_of(scanner, "reports")) == ("report:read",)
    is_chosen_alone(server, scanner, "report:read")


def test_a11_scans_are_started_and_read(server: Server, scanner: dict[str, Any]) -> None:
    wanted = ("scan:create", "scan:read")
    assert tuple(scopes_of(scanner, "scans")) == wanted
    is_chosen_alone(server, scanner, *wanted)


def test_a12_to_list_teams_is_not_to_read_one(server: Server, scanner: dict[str, Any]) -> None:
    wanted = ("team:list", "team:read")
    assert tuple(scopes_of(scanner, "teams")) == wanted
    is_chosen_alone(server, scanner, *wanted)


def test_a1_tokens_and_clients_are_two_kinds_of_one_list(server: Server) -> None:
    name = server.unique("integration")
    made = {
        kind: ok(server.call("POST", CREDENTIALS, wanted(server, kind=kind, name=name)), 201)
        for kind in ("api_token", "oauth_client")
    }
    for kind, one in made.items():
        listed = ok(server.call("GET", f"{CREDENTIALS}?q={quote(name)}&kind={kind}"))["items"]
        assert [each["id"] for each in listed] == [one["credential"]["id"]]
    both = ok(server.call("GET", f"{CREDENTIALS}?q={quote(name)}"))["items"]
    assert {each["kind"] for each in both} == set(made)


@pytest.mark.parametrize("kind", ["api_token", "oauth_client", "api_key"])
def test_a13_nothing_is_made_until_all_is_there(server: Server, kind: str) -> None:
    whole = wanted(server, kind=kind)
    for left_out in ("name", "expires_at", "scopes"):
        short = {name: value for name, value in whole.items() if name != left_out}
        expected = {"access"} if left_out == "scopes" else {left_out}
        assert field_errors(server.call("POST", CREDENTIALS, short)) == expected
    assert field_errors(server.call("POST", CREDENTIALS, {**whole, "scopes": []})) == {"scopes"}
    assert server.call("POST", CREDENTIALS, whole).status == 201


@pytest.mark.parametrize("kind", ["api_token", "oauth_client", "api_key"])
def test_a14_the_result_is_shown_once(server: Server, kind: str) -> None:
    answer = server.call("POST", CREDENTIALS, wanted(server, kind=kind))
    made = ok(answer, 201)
    assert answer.headers["cache-control"] == "no-store"
    for path in (f"{CREDENTIALS}/{made['credential']['id']}", CREDENTIALS):
        again = server.call("GET", path)
        assert (again.status, made["secret"].encode() in again.body) == (200, False)
