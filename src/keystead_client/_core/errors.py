"""What can go wrong, as one drawn tree.

    KeysteadError
    ├── MisconfiguredClient    nothing was sent: address, token or certificate of this side
    ├── Unreachable            no answer came: refused, timed out, unknown name, bad certificate
    ├── UnexpectedAnswer       something answered, but not in Keystead's form
    ├── Unauthenticated   401  the token is missing, wrong, expired, revoked or disabled
    ├── Forbidden         403  the token does not allow this, or not from here
    ├── NotFound          404  unknown, or not yours to see
    ├── Conflict          409  taken name, wrong state
    ├── CheckFailed       412  another version is the newest
    ├── Invalid           4xx  what was sent cannot be accepted; every wrong field named
    ├── Unavailable  429, 503  not just now; `retry_after` says when
    └── ServerFault       5xx  the server failed

A message never holds a token, a secret or the text of an answer that could not be read.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CheckFailed",
    "Conflict",
    "FieldError",
    "Forbidden",
    "Invalid",
    "KeysteadError",
    "MisconfiguredClient",
    "NotFound",
    "ServerFault",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedAnswer",
    "Unreachable",
    "error_for",
]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its path (`networks[2]`) and the rule it breaks."""

    field: str = ""
    message: str = ""


class KeysteadError(Exception):
    """The root: everything that this package raises about a call.

    Attributes:
        code: stable, lower case, such as `network_denied`; the server's, or this side's own.
        detail: one sentence for a person.
        status: the HTTP status; None when no answer came.
        errors: every wrong field, for `Invalid`; otherwise empty.
        request_id: the server's name for this request, `req_…`; empty when none came.
        retry_after: seconds to wait before trying again, when the server said so.
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str,
        status: int | None = None,
        errors: tuple[FieldError, ...] = (),
        request_id: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail: str = detail
        self.code: str = code
        self.status: int | None = status
        self.errors: tuple[FieldError, ...] = errors
        self.request_id: str = request_id
        self.retry_after: int | None = retry_after


class MisconfiguredClient(KeysteadError):
    """Nothing was sent: the address, token or certificate file of this side is not usable."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, code="misconfigured_client")


class Unreachable(KeysteadError):
    """No answer came; the server may or may not have acted."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, code="unreachable")


class UnexpectedAnswer(KeysteadError):
    """Something answered, but not in Keystead's form: a proxy, a redirect, another server."""

    def __init__(self, detail: str, *, status: int | None = None) -> None:
        super().__init__(detail, code="unexpected_answer", status=status)


class Unauthenticated(KeysteadError):
    """401: no token, or one that is not good now; `code` says why when the token is known."""


class Forbidden(KeysteadError):
    """403: a good token that does not allow this, or not from this address."""


class NotFound(KeysteadError):
    """404: unknown, invisible or forbidden; the server does not tell which."""


class Conflict(KeysteadError):
    """409: a taken name, or the wish does not fit the present state."""


class CheckFailed(KeysteadError):
    """412: a check-and-set named another version than the newest."""


class Invalid(KeysteadError):
    """What was sent cannot be accepted; `errors` names every wrong field."""


class Unavailable(KeysteadError):
    """429 or 503: nothing was done; try again after `retry_after` seconds."""


class ServerFault(KeysteadError):
    """Any other 5xx: the server failed; `request_id` finds the reason in its log."""


_BY_STATUS: dict[int, type[KeysteadError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: CheckFailed,
    429: Unavailable,
    503: Unavailable,
}
_FIRST_SERVER_STATUS = 500


def error_for(status: int) -> type[KeysteadError]:
    """Return the class for a problem document that came with this status (400 or above)."""
    fallback = Invalid if status < _FIRST_SERVER_STATUS else ServerFault
    return _BY_STATUS.get(status, fallback)
