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


@pytest.mark.parametrize(("method", "path"), PLACES, ids=[" ".join(each) for each in PLACES])
def test_a_credential_in_the_url_is_refused_first(server: Server, method: str, path: str) -> None:
    token, made = server.token("accounts:list")
    answer = server.call(method, f"{path}?q={token}", token=None, raw=b'{"no form": and no JSON')
    assert answer.status == 400, answer.body
    assert b"a credential in a URL ends up in logs" in answer.body
    assert token not in answer.body.decode()
    (entry,) = server.call(
        "GET", f"{V1}/audit/events?verb=token.exposed&credential={made['id']}"
    ).json()["items"]
    assert entry["request_id"] == answer.headers["keystead-request-id"]
