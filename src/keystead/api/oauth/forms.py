"""What is sent to the endpoints of OAuth; a parameter that is not named here is ignored."""

from __future__ import annotations

from msgspec import Struct

from keystead.core.secret import Secret
from keystead.web.forms import Many

__all__ = ["ClientForm", "IntrospectionForm", "RevocationForm", "TokenForm"]


class ClientForm(Struct, frozen=True, kw_only=True):
    """How the client proves who it is, where it does so in the form (RFC 6749 §2.3.1)."""

    client_id: str | None = None
    client_secret: Secret | None = None
    client_assertion_type: str | None = None
    client_assertion: Secret | None = None


class TokenForm(ClientForm, frozen=True, kw_only=True):
    """A request for an access token (RFC 6749 §4.4.2, RFC 8707)."""

    grant_type: str | None = None
    scope: str | None = None
    resource: Many = ()


class RevocationForm(ClientForm, frozen=True, kw_only=True):
    """A token to end (RFC 7009 §2.1); a hint of what it is helps nobody here, and is ignored."""

    token: Secret | None = None
    token_type_hint: str | None = None


class IntrospectionForm(RevocationForm, frozen=True, kw_only=True):
    """A token to tell about (RFC 7662 §2.1).

    Attributes:
        client_ip: where its client comes from (`tokens:assert-ip`).
        resource: the API that asks, where its owner verifies for several.
    """

    client_ip: str | None = None
    resource: str | None = None
