"""OAuth clients that others wrote, in Python, against a running server: each does its whole round."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import jwt
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from jwskate import Jwk
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests_oauth2client import (
    BearerToken,
    ClientSecretPost,
    InvalidClient,
    InvalidScope,
    OAuth2Client,
    PrivateKeyJwt,
)
from requests_oauthlib import OAuth2Session

from tests.doors.cast import V1, ok

if TYPE_CHECKING:
    from tests.running import Server

ORDERS: Final = "https://orders.example/python-clients"


class Cast(NamedTuple):
    """An API whose tokens are JWTs, a client that may call it, and one that verifies for it."""

    server: Server
    client: tuple[str, str]
    verifier: tuple[str, str]

    @property
    def token_endpoint(self) -> str:
        return f"{self.server.url}/oauth/token"

    @property
    def introspection_endpoint(self) -> str:
        return f"{self.server.url}/oauth/introspect"

    @property
    def revocation_endpoint(self) -> str:
        return f"{self.server.url}/oauth/revoke"


def new_client(server: Server, **more: object) -> dict[str, Any]:
    wanted = {
        "kind": "oauth_client",
        "name": server.unique("client"),
        "expires_at": None,
        "access": [{"api": ORDERS, "levels": {"orders": "write"}}],
        **more,
    }
    return dict(ok(server.call("POST", f"{V1}/credentials", wanted), 201))


@pytest.fixture(scope="module", autouse=True)
def plain_http_on_loopback() -> Any:  # noqa: ANN401
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        yield


@pytest.fixture(scope="module")
def cast(server: Server) -> Cast:
    orders = {
        "key": "orders",
        "resources": [{"key": "orders", "actions": [{"key": "read"}, {"key": "write"}]}],
    }
    wanted = {"identifier": ORDERS, "name": "Orders", "token_format": "jwt", "groups": [orders]}
    ok(server.call("POST", f"{V1}/apis", wanted), 201)
    client = new_client(server)
    verifying = [{"api": "keystead", "scopes": ["tokens:verify"]}]
    verifier = new_client(server, access=verifying)
    pairs = [(made["credential"]["public_id"], made["secret"]) for made in (client, verifier)]
    return Cast(server, *pairs)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib(cast: Cast, method: str) -> None:
    with AuthlibSession(*cast.client, token_endpoint_auth_method=method) as session:
        token = session.fetch_token(
            cast.token_endpoint, grant_type="client_credentials", scope="orders:read"
        )
        assert (token["token_type"], token["scope"]) == ("Bearer", "orders:read")
        assert 0 < token["expires_in"] <= 3600
    with AuthlibSession(*cast.verifier, token_endpoint_auth_method=method) as session:
        found = session.introspect_token(
            cast.introspection_endpoint, token["access_token"], "access_token"
        ).json()
        assert (found["active"], found["scope"]) == (True, "orders:read")
        assert found["client_id"] == cast.client[0]
    with AuthlibSession(*cast.client, token_endpoint_auth_method=method) as session:
        assert (
            session.revoke_token(cast.revocation_endpoint, token["access_token"]).status_code == 200
        )
    with AuthlibSession(*cast.verifier, token_endpoint_auth_method=method) as session:
        found = session.introspect_token(cast.introspection_endpoint, token["access_token"]).json()
        assert found == {"active": False}


def test_authlib_asynchronous(cast: Cast) -> None:
    async def run() -> None:
        async with AsyncOAuth2Client(*cast.client) as session:
            token = await session.fetch_token(cast.token_endpoint, grant_type="client_credentials")
            assert token["scope"] == "orders:read orders:write"

    asyncio.run(run())


def test_requests_oauthlib(cast: Cast) -> None:
    identity, secret = cast.client
    session = OAuth2Session(client=BackendApplicationClient(identity, scope=["orders:read"]))
    token = session.fetch_token(
        cast.token_endpoint, client_id=identity, client_secret=secret, include_client_id=False
    )
    assert token["scope"] == ["orders:read"]
    with pytest.raises(OAuth2Error, match="invalid_client"):
        session.fetch_token(cast.token_endpoint, client_id=identity, client_secret="wrong")


def test_requests_oauth2client(cast: Cast) -> None:
    def speaking(auth: Any) -> OAuth2Client:  # noqa: ANN401
        return OAuth2Client(
            token_endpoint=cast.token_endpoint,
            introspection_endpoint=cast.introspection_endpoint,
            revocation_endpoint=cast.revocation_endpoint,
            auth=auth,
            testing=True,
        )

    ours, theirs = speaking(cast.client), speaking(ClientSecretPost(*cast.verifier))
    token = ours.client_credentials(scope="orders:write", resource=ORDERS)
    assert isinstance(token, BearerToken)
    assert token.scope == "orders:write"
    assert theirs.introspect_token(token)["active"]
    assert ours.revoke_access_token(token)
    assert theirs.introspect_token(token) == {"active": False}
    with pytest.raises(InvalidScope):
        ours.client_credentials(scope="orders:delete")
    with pytest.raises(InvalidClient):
        speaking((cast.client[0], "wrong")).client_credentials()


def test_requests_oauth2client_signs_by_a_registered_key(cast: Cast) -> None:
    key = Jwk.generate(alg="ES256", kid="first")
    public = {"keys": [dict(key.public_jwk())]}
    made = new_client(cast.server, public_jwks=public)
    assert "secret" not in made
    issuer = cast.server.url

    client = OAuth2Client(
        token_endpoint=cast.token_endpoint,
        issuer=issuer,
        testing=True,
        # RFC 10070: the audience of an assertion is the issuer, and nothing else.
        auth=PrivateKeyJwt(client_id=made["credential"]["public_id"], private_jwk=key, aud=issuer),
    )
    for _ in range(2):
        token = client.client_credentials(scope="orders:read")
        assert token.scope == "orders:read"


def test_pyjwt_verifies_offline(cast: Cast) -> None:
    with AuthlibSession(*cast.client) as session:
        token = session.fetch_token(cast.token_endpoint, grant_type="client_credentials")
    text = token["access_token"]
    keys = jwt.PyJWKClient(f"{cast.server.url}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(text)
    claims = jwt.decode(
        text,
        key.key,
        algorithms=["ES256"],
        audience=ORDERS,
        issuer=cast.server.url,
        options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
    )
    assert claims["client_id"] == cast.client[0]
    assert claims["scope"] == "orders:read orders:write"
    assert jwt.get_unverified_header(text)["typ"] == "at+jwt"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(text, key.key, algorithms=["ES256"], audience="https://other.example")
