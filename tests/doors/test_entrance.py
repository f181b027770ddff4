"""One way in, whichever door a request comes to: what is exposed is refused before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doors.cast import V1

if TYPE_CHECKING:
    from tests.running import Server

PLACES = (
    *(("GET", f"{V1}/whoami"), ("PATCH", f"{V1}/whoami"), ("GET", f"{V1}/nowhere")),
    *(("GET", "/api/"), ("GET", "/healthz"), ("POST", "/readyz"), ("GET", "/openapi.json")),
    *(("POST", "/oauth/token"), ("GET", "/oauth/introspect"), ("POST", "/oauth/revoke/")),
    *(("GET", "/.well-known/jwks.json"), ("POST", "/.well-known/oauth-authorization-server")),
)


UNREADABLE: tuple[dict[str, str], ...] = (
    {"Authorization": "Basic !!!!"},
    {"Authorization": "Bearer x", "X-API-Key": "y"},
)
"""Headers of which nobody can say whom they present."""


DOCUMENTS = (
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
)


@pytest.mark.parametrize("headers", [{}, *UNREADABLE], ids=["none", "wrong pair", "two"])
@pytest.mark.parametrize(("method", "path"), PLACES, ids=[" ".join(each) for each in PLACES])
def test_a_credential_in_the_url_is_refused_first(
    server: Server, method: str, path: str, headers: dict[str, str]
) -> None:
    token, made = server.token("accounts:list")
    answer = server.call(
        method, f"{path}?q={token}", token=None, headers=headers, raw=b'{"no form": and no JSON'
    )
    assert answer.status == 400, answer.body
    assert b"a credential in a URL ends up in logs" in answer.body
    assert token not in answer.body.decode()
    (entry,) = server.call(
        "GET", f"{V1}/audit/events?verb=token.exposed&credential={made['id']}"
    ).json()["items"]
    assert entry["request_id"] == answer.headers["keystead-request-id"]


@pytest.mark.parametrize("headers", UNREADABLE)
def test_what_a_door_does_not_have_is_said_before_who_comes_is_read(
    server: Server, headers: dict[str, str]
) -> None:
    for path in ("/oauth/token", "/oauth/introspect", "/oauth/revoke", "/auth/v2/token"):
        refused = server.call("GET", path, token=None, headers=headers)
        assert (refused.status, refused.headers["allow"]) == (405, "POST")
        assert server.call("POST", f"{path}/", token=None, headers=headers).status == 404
    for path in DOCUMENTS:
        refused = server.call("POST", path, token=None, headers=headers)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
        assert server.call("GET", f"{path}/", token=None, headers=headers).status == 404
    refused = server.call("PATCH", f"{V1}/whoami", token=None, headers=headers)
    assert (refused.status, refused.code) == (405, "method_not_allowed")
    assert server.call("GET", f"{V1}/nowhere", token=None, headers=headers).status == 404


@pytest.mark.parametrize("headers", UNREADABLE)
def test_nobody_hears_more_than_that_he_cannot_be_read(
    server: Server, headers: dict[str, str]
) -> None:
    for method, path in (
        ("GET", f"{V1}/whoami"),
        ("POST", f"{V1}/folders"),
        ("POST", "/oauth/token"),
    ):
        refused = server.call(method, path, token=None, headers=headers, raw=b"{")
        assert refused.status == 400
        assert b"one credential" in refused.body or b"Basic takes" in refused.body


@pytest.mark.parametrize(
    "headers", [*UNREADABLE, {"Authorization": ""}, {"Authorization": "Bearer kst_nobody"}]
)
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", *DOCUMENTS])
def test_what_is_open_is_so_for_whoever_asks(
    server: Server, path: str, headers: dict[str, str]
) -> None:
    answer = server.call("GET", path, token=None, headers=headers)
    assert answer.status == 200
    assert answer.body == server.call("GET", path, token=None).body
