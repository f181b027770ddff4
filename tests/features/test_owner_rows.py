"""Rows about owners and their roles."""

from __future__ import annotations

import pytest

from tests.doors.cast import V1, application, member, ok, problem
from tests.features.asking import wanted
from tests.running import Server


@pytest.mark.parametrize("kind", ["api_key", "api_token", "oauth_client"])
def test_c26_managing_keys_needs_the_role_for_it(server: Server, kind: str) -> None:
    _, foreign = server.token("folders:list", kind=kind, owner_id=application(server)["id"])
    path = f"{V1}/credentials/{foreign['id']}"
    outcomes = {}
    for role in ("administrator", "manager", "auditor", "user"):
        _, token = member(server, role)
        made = server.call(
            "POST", f"{V1}/credentials", wanted(server, "folders:list", kind=kind), token=token
        )
        read = server.call("GET", path, token=token)
        edited = server.call("PATCH", path, {"description": role}, token=token)
        outcomes[role] = (made.status, read.status, edited.status)
    assert outcomes == {
        "administrator": (201, 200, 200),
        "manager": (201, 404, 404),
        "auditor": (403, 200, 403),
        "user": (201, 404, 404),
    }
    boss = member(server, "manager")[1]
    his = {"kind": "application", "name": server.unique("his")}
    owner_id = ok(server.call("POST", f"{V1}/owners", his, token=boss), 201)["id"]
    asked = wanted(server, "folders:list", kind=kind, owner_id=owner_id)
    managed = ok(server.call("POST", f"{V1}/credentials", asked, token=boss), 201)["credential"]
    revoke = f"{V1}/credentials/{managed['id']}/revoke"
    ok(server.call("POST", revoke, token=boss))
    nobody = member(server)[1]
    refused = server.call("GET", f"{V1}/credentials", token=nobody)
    assert problem(refused) == (403, "insufficient_scope")
