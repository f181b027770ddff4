"""Codes to statuses, and the one error object: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from keystead.core.errors import Invalid, KeysteadError, Refused, Throttled, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CHALLENGE",
    "PROBLEM",
    "RETRY_SECONDS",
    "STATUS",
    "Problem",
    "WrongField",
    "problem_of",
    "status_of",
]

PROBLEM: Final = "application/problem+json"

STATUS: Final[Mapping[str, int]] = {
    "invalid_request": 400,
    "token_in_query": 400,
    "missing_credential": 401,
    "invalid_credential": 401,
    "credential_revoked": 401,
    "credential_disabled": 401,
    "credential_expired": 401,
    "credential_not_yet_valid": 401,
    "owner_disabled": 401,
    "network_denied": 403,
    "insufficient_scope": 403,
    "wrong_password": 403,
    "cookie_auth_not_allowed": 403,
    "tls_required": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "name_taken": 409,
    "wrong_state": 409,
    "idempotency_mismatch": 409,
    "cas_mismatch": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "headers_too_large": 431,
    "internal_error": 500,
    "unsupported_coding": 501,
    "network_undecided": 503,
    "audit_full": 503,
    "audit_broken": 503,
    "busy": 503,
    "not_fresh": 503,
}
"""Every code that an answer can carry; a test raises each of them."""

CHALLENGE: Final = 'Bearer realm="keystead", Token'
RETRY_SECONDS: Final = "1"
_MAX_ERRORS: Final = 100


class WrongField(msgspec.Struct, frozen=True):
    """One wrong field: its path and the rule it breaks."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every refused request is answered with."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: tuple[WrongField, ...] = ()


def status_of(code: str) -> int:
    """Return the status of a code; 500 for one that is not in the table, which a test forbids."""
    return STATUS.get(code, 500)


def problem_of(error: KeysteadError, request_id: str) -> tuple[Problem, dict[str, str]]:
    """Return the error object and the headers that belong to it."""
    code, detail = "internal_error", "something went wrong here; nothing was done"
    errors: tuple[WrongField, ...] = ()
    headers: dict[str, str] = {}
    if isinstance(error, (Refused, Unavailable, Invalid)):
        code, detail = error.code, error.detail
    if isinstance(error, Invalid):
        errors = tuple(WrongField(e.field, e.message) for e in error.errors[:_MAX_ERRORS])
    status = status_of(code)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(error.retry_after)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_SECONDS
    if status == HTTPStatus.REQUEST_TIMEOUT:
        # The rest of the request may still come, and nobody waits for it.
        headers["Connection"] = "close"
    title = HTTPStatus(status).phrase
    problem = Problem("about:blank", title, status, code, detail, request_id, errors)
    return problem, headers
