"""Answers that say no in OAuth's own words: `{error, error_description}` (RFC 6749 §5.2, RFC 6750 §3.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import msgspec

from keystead.api.oauth.clients import BASIC, BEARER
from keystead.core.errors import Invalid, KeysteadError, Refused, Throttled, Unavailable
from keystead.web.call import Answer

__all__ = ["ERRORS", "NO_CACHE", "OAuthError", "refusal", "wrong_method"]

NO_CACHE: Final = MappingProxyType({"Pragma": "no-cache"})
"""For caches of HTTP/1.0, beside the `Cache-Control` of every answer (RFC 6749 §5.1)."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_BASIC: Final = f'{BASIC} realm="keystead", charset="UTF-8"'
_BEARER: Final = f'{BEARER} realm="keystead"'
_CHALLENGED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_RETRY_SECONDS: Final = "1"
_NOT_CLIENT: Final = (401, "invalid_client")
_BUSY: Final = (503, "temporarily_unavailable")

ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    "invalid_request": (400, "invalid_request"),
    "token_in_query": (400, "invalid_request"),
    "unsupported_media_type": (400, "invalid_request"),
    "tls_required": (400, "invalid_request"),
    "too_large": (413, "invalid_request"),
    "request_timeout": (408, "invalid_request"),
    "not_found": (404, "invalid_request"),
    "method_not_allowed": (405, "invalid_request"),
    "missing_credential": _NOT_CLIENT,
    "invalid_credential": _NOT_CLIENT,
    "credential_revoked": _NOT_CLIENT,
    "credential_disabled": _NOT_CLIENT,
    "credential_expired": _NOT_CLIENT,
    "credential_not_yet_valid": _NOT_CLIENT,
    "owner_disabled": _NOT_CLIENT,
    "network_denied": _NOT_CLIENT,
    "cookie_auth_not_allowed": _NOT_CLIENT,
    "insufficient_scope": (403, "insufficient_scope"),
    "unsupported_grant_type": (400, "unsupported_grant_type"),
    "invalid_scope": (400, "invalid_scope"),
    "invalid_target": (400, "invalid_target"),
    "unsupported_token_type": (400, "unsupported_token_type"),
    "rate_limited": (429, "temporarily_unavailable"),
    "network_undecided": _BUSY,
    "audit_full": _BUSY,
    "audit_broken": _BUSY,
    "busy": _BUSY,
    "not_fresh": _BUSY,
}
"""The house's codes as status and error; whatever is not here is a fault of ours."""

_FAULT: Final = (500, "server_error")
# What RFC 6749 §5.2 leaves out of a description, and of a parameter in quotes.
_UNTELLABLE: Final = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class OAuthError(msgspec.Struct, frozen=True):
    """What every refused request is answered with."""

    error: str
    error_description: str


def refusal(
    error: KeysteadError,
    scheme: str,
    request_id: str,
    more: Mapping[str, str] = _NOTHING,
) -> tuple[Answer, dict[str, str]]:
    """Return the answer to an error, and its headers with `more`.

    Args:
        error: what went wrong.
        scheme: in which the client proved who it is, or should have.
        request_id: of the request.
        more: headers.
    """
    code, detail = "internal_error", "something went wrong here; nothing was done"
    if isinstance(error, (Refused, Unavailable, Invalid)):
        code, detail = error.code, error.detail
    if code == "missing_credential":
        detail = "the client has not proved who it is"
    status, name = ERRORS.get(code, _FAULT)
    described = _UNTELLABLE.sub("'", detail)
    if scheme == BEARER and name == "invalid_client":
        name = "invalid_token"
    headers = {**NO_CACHE, **more, "Keystead-Request-Id": request_id}
    if scheme == BEARER and status in _CHALLENGED:
        challenge = f'{_BEARER}, error="{name}", error_description="{described}"'
        headers["WWW-Authenticate"] = challenge
    elif status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _BASIC
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(error.retry_after)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = _RETRY_SECONDS
    if status == HTTPStatus.REQUEST_TIMEOUT:
        # The rest of the request may still come, and nobody waits for it.
        headers["Connection"] = "close"
    return Answer(status, msgspec.json.encode(OAuthError(name, described))), headers


def wrong_method(allowed: tuple[str, ...], request_id: str) -> tuple[Answer, dict[str, str]]:
    """Say which methods an endpoint or a document takes."""
    error = Invalid(f"this path takes {' and '.join(allowed)} alone", code="method_not_allowed")
    return refusal(error, BASIC, request_id, {"Allow": ", ".join(allowed)})
