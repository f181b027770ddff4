"""Rows of docs/features.md about API keys and OAuth clients, each through a real door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, in_future, ok
from tests.features.asking import field_errors, list_of, wanted
from tests.oauth.asking import GRANT, TOKEN, post

if TYPE_CHECKING:
    from tests.running import Answer, Server

CREDENTIALS = f"{V1}/credentials"
KINDS = ("api_token", "api_key", "oauth_client")


def made(server: Server, kind: str, *scopes: str, **more: object) -> dict[str, Any]:
    wish = wanted(server, *scopes, kind=kind, **more)
    return dict(ok(server.call("POST", CREDENTIALS, wish), 201))


def used(server: Server, secret: str) -> Answer:
    """Use a secret where its kind is: an OAuth client's at the token endpoint."""
    if not secret.startswith("ksc_"):
        return server.call("GET", f"{V1}/whoami", token=secret)
    pairs = [GRANT, ("client_id", secret[:16]), ("client_secret", secret)]
    return post(server, TOKEN, pairs)


def test_a16_a_client_has_a_name_an_end_and_scopes(server: Server) -> None:
    end = in_future(days=9)
    found = made(server, "oauth_client", "accounts:list", expires_at=end)["credential"]
    assert found["expires_at"] == end
    assert found["access"][0]["scopes"] == ["accounts:list"]
    for field in ("name", "expires_at"):
        wish = wanted(server, kind="oauth_client")
        del wish[field]
        assert field_errors(server.call("POST", CREDENTIALS, wish)) == {field}


def test_a17_the_id_is_public_and_the_secret_shown_once(server: Server) -> None:
    issued = made(server, "oauth_client", "accounts:list")
    found, secret = issued["credential"], issued["secret"]
    assert found["public_id"].startswith("ksc_")
    assert secret.startswith(found["public_id"])
    shown = server.call("GET", f"{CREDENTIALS}/{found['id']}")
    assert found["public_id"].encode() in shown.body
    assert secret.encode() not in shown.body


def test_c3_an_owner_has_any_number_of_keys(server: Server) -> None:
    ids = {made(server, "api_key", "folders:list")["credential"]["id"] for _ in range(205)}
    assert ids <= list_of(server, CREDENTIALS).keys()


def test_c16_a_key_is_made_and_c17_shown_once(server: Server) -> None:
    issued = made(
        server, "api_key", "folders:list", expires_at=in_future(days=5), networks=["127.0.0.1"]
    )
    found, secret = issued["credential"], issued["secret"]
    assert (found["kind"], found["type"], found["state"]) == ("api_key", "static", "expiring")
    assert secret.startswith(found["public_id"])
    assert ok(server.call("GET", f"{V1}/folders", token=secret))
    assert secret.encode() not in server.call("GET", f"{CREDENTIALS}/{found['id']}").body


def test_c22_refresh_gives_a_new_id_and_secret(server: Server) -> None:
    old = made(server, "api_key", "folders:list")
    new = ok(server.call("POST", f"{CREDENTIALS}/{old['credential']['id']}/refresh"))
    assert new["credential"]["public_id"] != old["credential"]["public_id"]
    assert new["credential"]["name"] == old["credential"]["name"]
    assert used(server, old["secret"]).code == "credential_revoked"
    assert used(server, new["secret"]).status == 200


def test_c25_a_key_admin_key_manages_keys_and_nothing_else(server: Server) -> None:
    scopes = ("credentials:create", "credentials:list")
    keeper = made(server, "api_key", *scopes, type="key_admin")["secret"]
    key = wanted(server, "folders:list", kind="api_key")
    assert server.call("POST", CREDENTIALS, key, token=keeper).status == 201
    for kind in ("api_token", "oauth_client"):
        other = wanted(server, "folders:list", kind=kind)
        assert server.call("POST", CREDENTIALS, other, token=keeper).status == 403
    assert server.call("GET", f"{V1}/folders", token=keeper).status == 403


def test_c27_keys_are_managed_by_api(server: Server) -> None:
    found = made(server, "api_key", "folders:list")["credential"]
    path = f"{CREDENTIALS}/{found['id']}"
    assert ok(server.call("PATCH", path, {"description": "changed"}))["description"] == "changed"
    assert ok(server.call("POST", f"{path}/disable"))["state"] == "disabled"
    assert ok(server.call("POST", f"{path}/enable"))["state"] == "active"
    assert ok(server.call("POST", f"{path}/rotate", {}))["secret"]
    assert ok(server.call("POST", f"{path}/revoke"))["state"] == "revoked"
    ok(server.call("DELETE", path), 204)


@pytest.mark.parametrize("kind", KINDS)
def test_k9_everything_rotates_with_overlap(server: Server, kind: str) -> None:
    first = made(server, kind, "folders:list")
    path = f"{CREDENTIALS}/{first['credential']['id']}"
    second = ok(server.call("POST", f"{path}/rotate", {"overlap_seconds": 3600}))
    for secret in (first["secret"], second["secret"]):
        assert used(server, secret).status == 200
    ended = ok(server.call("POST", f"{path}/rotate", {"overlap_seconds": 0}))
    for secret in (first["secret"], second["secret"]):
        assert used(server, secret).status == 401
    assert used(server, ended["secret"]).status == 200
    states = ok(server.call("GET", f"{path}/secrets"))["items"]
    assert [each["n"] for each in states] == [1, 2, 3]
