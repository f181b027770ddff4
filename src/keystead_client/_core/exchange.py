"""From a call to the request for it, and from the answer to what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import urlencode

from keystead_client._core.arguments import format_instant
from keystead_client._core.calls import Answer, Call
from keystead_client._core.decoding import Malformed, decode, parse
from keystead_client._core.endpoint import Endpoint
from keystead_client._core.errors import FieldError, KeysteadError, UnexpectedAnswer, error_for
from keystead_client._core.secret import Secret

__all__ = ["Request", "is_problem", "prepare", "read", "refusal_in", "seconds_to_wait"]

T = TypeVar("T")

_OK: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)


@dataclass(frozen=True, slots=True)
class Request:
    """A call made ready for one server; headers and content hold secrets and do not print."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def bearing(self, token: Secret) -> Request:
        """Return the same request with this token."""
        headers = {**self.headers, "authorization": f"Bearer {token.reveal()}"}
        return replace(self, headers=headers)


def prepare(endpoint: Endpoint, call: Call[object], key: str | None = None) -> Request:
    """Make the request for one call, without a token.

    Args:
        endpoint: which server.
        call: what is asked.
        key: the `Idempotency-Key`, 1 to 64 characters of `[A-Za-z0-9_-]`.
    """
    headers = {
        "accept": "application/json",
        # Answers are small, and a compressed secret tells its likeness to its neighbours by length.
        "accept-encoding": "identity",
        "user-agent": endpoint.user_agent,
    }
    if key is not None:
        headers["idempotency-key"] = key
    content = b""
    if call.body is not None:
        headers["content-type"] = "application/json"
        # In ASCII: half of a surrogate pair then reaches the server, which refuses it by name.
        content = json.dumps(call.body, default=_plain).encode()
    query = "?" + urlencode(call.query) if call.query else ""
    return Request(call.method, f"{endpoint.url}/api/v1{call.path}{query}", headers, content)


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def read(call: Call[T], answer: Answer) -> T:
    """Read what a 2xx answer says.

    Raises:
        UnexpectedAnswer: it has another form.
    """
    try:
        return call.read(answer)
    except Malformed as wrong:
        sentence = str(wrong)
    # Out here it has no context: the frames where it was found hold what the answer says.
    raise UnexpectedAnswer(sentence, status=answer.status)


def refusal_in(answer: Answer) -> KeysteadError | None:
    """Return what the server refuses with, or that this is no answer of Keystead; None for 2xx."""
    status = answer.status
    if status in _OK:
        return None
    if status in _REDIRECT:
        # Following it would carry the token to whatever address the answer names.
        sentence = f"the server redirects elsewhere (status {status}); give its final address"
        return UnexpectedAnswer(sentence, status=status)
    if not is_problem(answer):
        sentence = f"status {status}, but not from Keystead: is the address right?"
        return UnexpectedAnswer(sentence, status=status)
    try:
        problem = decode(_Problem, parse(answer.body))
    except Malformed as wrong:
        return UnexpectedAnswer(str(wrong), status=status)
    return error_for(status)(
        problem.detail or problem.title,
        code=problem.code,
        status=status,
        errors=problem.errors,
        request_id=problem.request_id,
        retry_after=seconds_to_wait(answer),
    )


def is_problem(answer: Answer) -> bool:
    """Say whether it is Keystead's own error object (RFC 9457), and not a proxy's page."""
    return answer.headers.get("content-type", "").startswith("application/problem+json")


def seconds_to_wait(answer: Answer) -> int | None:
    """Return what `Retry-After` says, where it says seconds (RFC 9110 §10.2.3)."""
    wait = answer.headers.get("retry-after", "")
    return int(wait) if wait.isascii() and wait.isdigit() and len(wait) < _MANY_DIGITS else None


_MANY_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class _Problem:
    code: str = "unknown"
    title: str = "refused"
    detail: str = ""
    request_id: str = ""
    errors: tuple[FieldError, ...] = ()
