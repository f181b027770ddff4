"""What clients and APIs may read before they ask anything (RFC 8414, RFC 9728)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from keystead.api.oauth.metadata import documents
from tests.doors.cast import ALL, ok
from tests.oauth.asking import GRANT, client, error, post
from tests.running import Server, installed, send, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.running import Answer

SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"


def get(server: Server, path: str, method: str = "GET") -> Answer:
    return send(server.url, method, path)


def expected(issuer: str) -> dict[str, object]:
    methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    # Neither `none` nor any that is made with a shared secret.
    algorithms = ["ES256", "EdDSA", "Ed25519", "RS256"]
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": [*methods, "Bearer"],
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "protected_resources": [issuer],
    }


def test_the_authorisation_servers_metadata_are_these_and_no_more(server: Server) -> None:
    answer = get(server, SERVER)
    assert ok(answer) == expected(server.url)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_keysteads_own_api_says_where_its_tokens_come_from(server: Server) -> None:
    found = ok(get(server, RESOURCE))
    assert set(found.pop("scopes_supported")) == set(ALL) - {"self:rotate"}
    assert found == {
        "resource": server.url,
        "authorization_servers": [server.url],
        "bearer_methods_supported": ["header"],
        "resource_name": "Keystead",
    }


@pytest.mark.parametrize("path", [SERVER, RESOURCE, "/.well-known/jwks.json"])
def test_a_document_is_read_and_nothing_else(server: Server, path: str) -> None:
    refused = get(server, path, "POST")
    assert error(refused) == (405, "invalid_request")
    assert refused.headers["allow"] == "GET, HEAD"
    for other in (f"{path}/", f"{path}/keystead", path.replace("known", "%6bnown")):
        assert get(server, other).status == 404
    exposed = get(server, f"{path}?access_token=x")
    assert error(exposed) == (400, "invalid_request")


def test_what_the_metadata_name_is_there(server: Server) -> None:
    found = ok(get(server, SERVER))
    made = client(server, "tokens:verify")
    for name in ("token", "introspection", "revocation"):
        path = found[f"{name}_endpoint"].removeprefix(server.url)
        pairs = [GRANT, ("token", "x")]
        assert post(server, path, pairs, authorization=made.basic).status == 200


def test_an_issuer_with_a_path_has_it_inserted(tmp_path: Path) -> None:
    data = tmp_path / "data"
    admin = installed(data)
    issuer = "https://keys.example.com/eu/one"
    with (data / "keystead.toml").open("a") as settings:
        settings.write(f'issuer = "{issuer}"\n')
    server = start(data, admin)
    try:
        assert ok(get(server, f"{SERVER}/eu/one")) == expected(issuer)
        assert ok(get(server, f"{RESOURCE}/eu/one"))["resource"] == issuer
        assert get(server, SERVER).status == get(server, RESOURCE).status == 404
        # The path stands at the end (RFC 8414 §3.1), not before as OpenID Connect has it.
        assert get(server, f"/eu/one{SERVER}").status == 404
        made = client(server, "accounts:list")
        answer = post(
            server, "/oauth/token", [GRANT, ("resource", issuer)], authorization=made.basic
        )
        assert answer.status == 200
        elsewhere = [GRANT, ("resource", server.url)]
        refused = post(server, "/oauth/token", elsewhere, authorization=made.basic)
        assert error(refused) == (400, "invalid_target")
    finally:
        server.stop()


def test_documents_are_the_same_whoever_asks_by_whatever_name(server: Server) -> None:
    # A poisoned cache would send clients with their secrets to whoever is named in the request.
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil"}
    for path in (SERVER, RESOURCE):
        assert send(server.url, "GET", path, None, forged).body == get(server, path).body


def test_every_document_is_json_in_one_piece() -> None:
    for body in documents("https://keys.example.com").values():
        assert isinstance(json.loads(body), dict)
