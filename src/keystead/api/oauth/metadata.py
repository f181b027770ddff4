"""What clients and APIs may read of this server before they ask it anything (RFC 8414, RFC 9728)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct, json

from keystead.credentials.kind import ACCESS_TOKEN
from keystead.credentials.signing_key import CACHE_SECONDS
from keystead.crypto.jose.public_keys import ALGORITHMS
from keystead.operations.oauth.issuing import GRANT_TYPE
from keystead.policy.permissions import KINDS_FOR, Permission
from keystead.web.call import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["JWKS", "ProtectedResource", "ServerMetadata", "documents", "key_set"]

_METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt")
_SIGNED_BY: Final = tuple(ALGORITHMS)
_WELL_KNOWN: Final = "/.well-known"
JWKS: Final = f"{_WELL_KNOWN}/jwks.json"
_JWK_SET: Final = "application/jwk-set+json"


class ServerMetadata(Struct, frozen=True, kw_only=True):
    """The authorisation server's metadata (RFC 8414 §2)."""

    issuer: str
    token_endpoint: str
    grant_types_supported: tuple[str, ...] = (GRANT_TYPE,)
    # Required, though there is no authorisation endpoint whose answers it could be about.
    response_types_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = _METHODS
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = _SIGNED_BY
    introspection_endpoint: str
    # A type of token is a method there (RFC 8414 §2), and only there.
    introspection_endpoint_auth_methods_supported: tuple[str, ...] = (*_METHODS, "Bearer")
    introspection_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = _SIGNED_BY
    revocation_endpoint: str
    revocation_endpoint_auth_methods_supported: tuple[str, ...] = _METHODS
    revocation_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = _SIGNED_BY
    jwks_uri: str
    protected_resources: tuple[str, ...]


class ProtectedResource(Struct, frozen=True, kw_only=True):
    """The metadata of Keystead's own API, as a resource (RFC 9728 §2)."""

    resource: str
    authorization_servers: tuple[str, ...]
    scopes_supported: tuple[str, ...] = tuple(
        each for each in Permission if ACCESS_TOKEN.name in KINDS_FOR[each]
    )
    bearer_methods_supported: tuple[str, ...] = ("header",)
    resource_name: str = "Keystead"


def documents(issuer: str) -> dict[str, bytes]:
    """Return each document by its path: the issuer's own path, if it has one, stands at its end."""
    server = ServerMetadata(
        issuer=issuer,
        token_endpoint=f"{issuer}/oauth/token",
        introspection_endpoint=f"{issuer}/oauth/introspect",
        revocation_endpoint=f"{issuer}/oauth/revoke",
        jwks_uri=f"{issuer}{JWKS}",
        protected_resources=(issuer,),
    )
    resource = ProtectedResource(resource=issuer, authorization_servers=(issuer,))
    path = urlsplit(issuer).path
    return {
        f"{_WELL_KNOWN}/oauth-authorization-server{path}": json.encode(server),
        f"{_WELL_KNOWN}/oauth-protected-resource{path}": json.encode(resource),
    }


def key_set(keys: Iterable[Mapping[str, str]], headers: Iterable[tuple[bytes, bytes]]) -> Answer:
    """Return the published keys (RFC 7517 §5), or that nothing has changed since the tag that was sent."""
    body = json.encode({"keys": tuple(keys)})
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    known = b",".join(value for name, value in headers if name == b"if-none-match").decode(
        "latin-1"
    )
    more = {
        "Cache-Control": f"public, max-age={CACHE_SECONDS}",
        "Access-Control-Allow-Origin": "*",
        "ETag": tag,
    }
    # RFC 9110 §13.1.2: any of several, each of which may be a weak one.
    if {tag, "*"} & {each.strip().removeprefix("W/") for each in known.split(",")}:
        return Answer(304, headers=more)
    return Answer(200, body, _JWK_SET, more)
