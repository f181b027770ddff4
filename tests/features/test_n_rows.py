"""Rows N of docs/features.md, each through a real door."""

from urllib.parse import quote

import pytest

from tests.running import Server, send


@pytest.mark.parametrize(
    "form",
    ["Token token={}", 'Token token="{}"', "TOKEN token={}", 'token  Token = "{}"'],
    ids=["plain", "quoted", "upper-case", "blanks"],
)
def test_n5_the_token_parameter_is_understood(server: Server, form: str) -> None:
    token, credential = server.token("secrets:read")
    answer = send(server.url, "GET", "/api/v1/whoami", None, {"Authorization": form.format(token)})
    assert answer.json()["credential"]["id"] == credential["id"]


def test_n17_a_credential_never_exceeds_its_owner_as_he_is_now(server: Server) -> None:
    wanted = {"kind": "application", "name": server.unique("application")}
    owner = server.call("POST", "/api/v1/owners", wanted).json()
    granted = [{"owner_id": owner["id"], "right": "user"}]
    folder = server.folder(grants=granted)
    account = server.account(folder["id"])
    token, _ = server.token("secrets:read", "secrets:write", "audit:read", owner_id=owner["id"])
    secret = f"/api/v1/secrets/{quote(folder['name'])}/{quote(account['name'])}"

    assert server.call("GET", secret, token=token).status == 200
    # The scope is there, the owner's right is not: his folder right reads and does not write.
    written = server.call(
        "PUT",
        f"/api/v1/accounts/{account['id']}/secret",
        {"fields": {"password": "other"}},
        token=token,
    )
    assert (written.status, written.code) == (404, "not_found")
    # Nor does a scope give what none of his roles allows.
    audit = server.call("GET", "/api/v1/audit/events", token=token)
    assert (audit.status, audit.code) == (403, "insufficient_scope")

    server.call("PATCH", f"/api/v1/folders/{folder['id']}", {"grants": []})
    lost = server.call("GET", secret, token=token)
    assert (lost.status, lost.code) == (404, "not_found"), (
        "decided at each use, not when it was made"
    )
    server.call("PATCH", f"/api/v1/folders/{folder['id']}", {"grants": granted})
    assert server.call("GET", secret, token=token).status == 200

    server.call("PATCH", f"/api/v1/owners/{owner['id']}", {"state": "disabled"})
    disabled = server.call("GET", secret, token=token)
    assert (disabled.status, disabled.code) == (401, "owner_disabled")
