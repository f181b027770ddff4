"""What the endpoints of OAuth answer."""

from __future__ import annotations

from msgspec import Struct

from keystead.core.secret import Secret

__all__ = ["IntrospectionAnswer", "TokenAnswer"]


class TokenAnswer(Struct, frozen=True, kw_only=True):
    """An access token, for how many seconds it is good, and what it holds (RFC 6749 §5.1)."""

    token_type: str
    access_token: Secret
    expires_in: int
    scope: str


class IntrospectionAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What there is to know of a good token (RFC 7662 §2.2); of any other `{"active":false}` alone.

    `aud` and `scope` are about those APIs that the asker verifies for. `keystead_kind` says what was shown,
    and `keystead_owner` whose it is.
    """

    active: bool
    scope: str = ""
    client_id: str | None = None
    username: str | None = None
    token_type: str | None = None
    exp: int | None = None
    iat: int | None = None
    nbf: int | None = None
    sub: str | None = None
    aud: str | tuple[str, ...] | None = None
    iss: str | None = None
    jti: str | None = None
    keystead_kind: str | None = None
    keystead_owner: str | None = None
