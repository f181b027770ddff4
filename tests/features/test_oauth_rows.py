"""Rows of docs/features.md that OAuth answers, each through a real door."""

from __future__ import annotations

from pathlib import Path

from keystead.api.oauth.endpoints import ENDPOINTS
from keystead.api.routes import ROUTES
from tests.doors.cast import V1, ok
from tests.doors.registering import access, register
from tests.oauth.asking import (
    SECURE_ACCESS,
    another,
    ask,
    client,
    error,
    exchanged,
    key,
    post,
    whoami,
)
from tests.oauth.signing import signing
from tests.running import Server


def test_a2_a_bearer_token_is_all_that_a_call_needs(server: Server) -> None:
    token, made = server.token("accounts:list")
    headers = {"Authorization": f"Bearer {token}"}
    answer = server.call("GET", f"{V1}/whoami", token=None, headers=headers)
    assert ok(answer)["credential"]["id"] == made["id"]
    assert "set-cookie" not in answer.headers


def test_a15_a_token_of_another_server_is_refused(server: Server, tmp_path: Path) -> None:
    with another(tmp_path / "data") as other:
        made = client(other, "accounts:list")
        token = exchanged(other, made)
        assert whoami(other, token).status == 200
        assert whoami(server, token).code == "invalid_credential"
        assert error(ask(server, made)) == (401, "invalid_client")
        by = client(server, "tokens:verify").basic
        told = post(server, "/oauth/introspect", {"token": token}, authorization=by)
        assert ok(told) == {"active": False}
        assert ok(post(server, "/oauth/revoke", {"token": token}, authorization=by)) is None
        assert whoami(other, token).status == 200


def test_a18_client_credentials_are_exchanged_for_a_short_lived_token(server: Server) -> None:
    made = client(server, "accounts:list", "folders:list")
    found = ok(ask(server, made, {"scope": "folders:list"}))
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 3600)
    assert found["scope"] == "folders:list"
    assert "refresh_token" not in found


def test_a19_a_token_never_exceeds_its_client(server: Server) -> None:
    made = client(server, "accounts:list", "folders:list")
    token = exchanged(server, made, {"scope": "accounts:list"})
    assert ok(whoami(server, token))["scopes"] == ["accounts:list"]
    ok(server.call("PATCH", made.path, {"scopes": ["folders:list"]}))
    assert server.call("GET", f"{V1}/accounts", token=token).code == "insufficient_scope"


def test_c1_a_key_is_exchanged_for_an_hours_token(server: Server) -> None:
    found = ok(ask(server, key(server, "accounts:list"), path=SECURE_ACCESS))
    assert (found["token_type"], found["expires_in"]) == ("bearer", 3600)
    assert whoami(server, found["access_token"]).status == 200


def test_c2_no_route_but_the_open_ones_is_used_without_a_credential(server: Server) -> None:
    for route in ROUTES:
        answer = server.call(route.method, route.path.replace("{", "").replace("}", ""), token=None)
        assert (answer.status, answer.code) == (401, "missing_credential"), route.path
    for endpoint in ENDPOINTS:
        assert error(post(server, endpoint.path)) == (401, "invalid_client")


def test_k2_a_jwt_is_told_and_ended_by_the_standards(server: Server) -> None:
    api = register(server, token_format="jwt")
    made = client(server, access=[access(api, "scan:read")])
    token = exchanged(server, made)
    assert token.startswith("ey")
    by = client(server, "tokens:verify").basic
    told = ok(post(server, "/oauth/introspect", {"token": token}, authorization=by))
    assert (told["active"], told["aud"], told["client_id"]) == (True, api["identifier"], made.id)
    assert post(server, "/oauth/revoke", {"token": token}, authorization=made.basic).status == 200
    told = ok(post(server, "/oauth/introspect", {"token": token}, authorization=by))
    assert told == {"active": False}
    metadata = ok(server.call("GET", "/.well-known/oauth-authorization-server", token=None))
    keys = ok(server.call("GET", metadata["jwks_uri"].removeprefix(server.url), token=None))
    assert keys["keys"]


def test_k3_a_client_signs_for_itself_and_names_its_api(server: Server) -> None:
    first, second = register(server), register(server)
    given = [access(first, "scan:read"), access(second, "scan:create")]
    made = signing(server, access=given)
    resource = ("resource", second["identifier"])
    assert ok(made.ask(made.assertion(), more=[resource]))["scope"] == "scan:create"
    assertion = made.assertion(aud=f"{server.url}/oauth/token")
    assert error(made.ask(assertion, more=[resource])) == (401, "invalid_client")
