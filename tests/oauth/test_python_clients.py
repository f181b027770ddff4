"""OAuth clients that others wrote, in Python, against a running server: each does its whole round."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import jwt
import pytest
from authlib.integrations.base_client import OAuthError as AuthlibError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey, OKPKey, RSAKey
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

from keystead.core.clock import SystemClock
from tests.doors.cast import V1, ok

if TYPE_CHECKING:
    from tests.running import Server

VERIFYING: Final = {"api": "keystead", "scopes": ["tokens:verify"]}
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
    verifier = new_client(server, access=[VERIFYING])
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


class Signed(NamedTuple):
    """A client with a registered key, and how Authlib signs as it."""

    id: str
    key: Any
    algorithm: str

    def method(self, audience: str) -> PrivateKeyJWT:
        """Return Authlib's way to authenticate, made for one request.

        What Authlib calls the token endpoint is no more than the audience. It would give an assertion an hour
        and, where claims are given, all assertions of one object the same `jti`.
        """
        claims = {"exp": int(SystemClock().now() // 1_000_000) + 60}
        return PrivateKeyJWT(audience, claims, headers={"kid": "authlib"}, alg=self.algorithm)


def signed(server: Server, algorithm: str, **more: object) -> Signed:
    key: ECKey | OKPKey | RSAKey
    match algorithm:
        case "ES256":
            key = ECKey.generate_key("P-256")
        case "EdDSA":
            key = OKPKey.generate_key("Ed25519")
        case _:
            key = RSAKey.generate_key(2048)
    public = {**key.as_dict(private=False), "kid": "authlib", "alg": algorithm}
    made = new_client(server, public_jwks={"keys": [public]}, **more)
    assert "secret" not in made
    return Signed(made["credential"]["public_id"], key, algorithm)


PRIVATE_KEY: Final = {
    "token_endpoint_auth_method": "private_key_jwt",
    "revocation_endpoint_auth_method": "private_key_jwt",
}
# RFC 9864 gives EdDSA another name.
EDDSA: Final = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


@EDDSA
@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_authlib_signs_by_a_registered_key(cast: Cast, algorithm: str) -> None:
    made = signed(cast.server, algorithm)
    verifier = signed(cast.server, algorithm, access=[VERIFYING])
    issuer = cast.server.url

    def session(by: Signed, audience: str = issuer) -> AuthlibSession:
        found = AuthlibSession(by.id, by.key, **PRIVATE_KEY)
        found.register_client_auth_method(by.method(audience))
        return found

    with session(made) as asking:
        token = asking.fetch_token(
            cast.token_endpoint, grant_type="client_credentials", scope="orders:read"
        )
    assert (token["token_type"], token["scope"]) == ("Bearer", "orders:read")

    def told() -> dict[str, Any]:
        with session(verifier) as asking:
            found = asking.introspect_token(cast.introspection_endpoint, token["access_token"])
        return dict(found.json())

    assert (told()["active"], told()["client_id"]) == (True, made.id)
    with session(made) as asking:
        done = asking.revoke_token(cast.revocation_endpoint, token["access_token"])
        assert done.status_code == 200
    assert told() == {"active": False}
    with (
        session(made, cast.token_endpoint) as asking,
        pytest.raises(AuthlibError, match="invalid_client"),
    ):
        asking.fetch_token(cast.token_endpoint, grant_type="client_credentials")


@EDDSA
@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_authlib_signs_asynchronously(cast: Cast, algorithm: str) -> None:
    made = signed(cast.server, algorithm)

    async def run() -> None:
        for _ in range(2):
            async with AsyncOAuth2Client(made.id, made.key, **PRIVATE_KEY) as session:
                session.register_client_auth_method(made.method(cast.server.url))
                token = await session.fetch_token(
                    cast.token_endpoint, grant_type="client_credentials"
                )
                assert token["scope"] == "orders:read orders:write"

    asyncio.run(run())


def test_authlib_as_its_guide_has_it_needs_the_flag_and_a_shorter_life(cast: Cast) -> None:
    legacy = cast.token_endpoint
    flagged = signed(cast.server, "ES256", legacy_audience=legacy)
    with AuthlibSession(flagged.id, flagged.key, **PRIVATE_KEY) as session:
        session.register_client_auth_method(flagged.method(""))
        # Without a URL of its own it names the one that is asked.
        token = session.fetch_token(legacy, grant_type="client_credentials", scope="orders:read")
        assert token["scope"] == "orders:read"
    plain = PrivateKeyJWT(legacy, alg="ES256", headers={"kid": "authlib"})
    with AuthlibSession(flagged.id, flagged.key, **PRIVATE_KEY) as session:
        session.register_client_auth_method(plain)
        # Its assertion ends in an hour; five minutes are taken.
        with pytest.raises(AuthlibError, match="invalid_client"):
            session.fetch_token(legacy, grant_type="client_credentials")


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
