"""The whole protocol without input or output: builds requests, reads answers.

`prepare` and `interpret` are everything that a transport needs; `Client` is one of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Final, Generic, TypeVar
from urllib.parse import quote, urlencode

from keystead_client._endpoint import Endpoint
from keystead_client._errors import (
    FieldError,
    KeysteadError,
    UnexpectedAnswer,
    error_for,
)
from keystead_client._fields import Fields, parse
from keystead_client._secret import Secret
from keystead_client.records import Page

__all__ = [
    "UNSET",
    "Answer",
    "Call",
    "Request",
    "Unset",
    "format_instant",
    "interpret",
    "next_page",
    "nothing",
    "one",
    "page",
    "path_of",
    "prepare",
    "query_of",
    "set_fields",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_OK: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""In an edit: leave this field as it is (None would be a value of its own)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        headers: names in lower case.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One thing asked of the server, and how to read what it says.

    Attributes:
        path: below `/api/v1`, already percent-encoded.
        read: makes the result of a 2xx answer.
        query: names and values, in order.
        turn: of a list: the query's name that asks for the page behind a `next_page_token`.
        body: becomes the JSON body; a `Secret` in it is revealed only there.
    """

    method: str
    path: str
    read: Callable[[Answer], T_co]
    query: tuple[tuple[str, str], ...] = ()
    turn: str = "page_token"
    body: Mapping[str, object] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """A call made ready for one server; headers and content hold secrets and do not print."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


def path_of(*segments: str) -> str:
    """Join path segments, each percent-encoded whole.

    Raises:
        ValueError: a segment is empty, `.` or `..`: nothing is named so, and proxies would rewrite it.
    """
    if any(segment in {"", ".", ".."} for segment in segments):
        raise ValueError("a part of a path is neither empty nor '.' nor '..'")
    return "".join(["/" + quote(segment, safe="") for segment in segments])


def query_of(**values: str | int | datetime | None) -> tuple[tuple[str, str], ...]:
    """Keep the values that are given, as text."""
    return tuple(
        (name, format_instant(value) if isinstance(value, datetime) else str(value))
        for name, value in values.items()
        if value is not None
    )


def set_fields(**values: object) -> dict[str, object]:
    """Keep the fields that are set; instants become text, None stays null."""
    return {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not UNSET
    }


def format_instant(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC.

    Raises:
        ValueError: it has no time zone, so it names no instant.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone: datetime(…, tzinfo=UTC)")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def one(read: Callable[[Fields], T]) -> Callable[[Answer], T]:
    """Make a reader of answers that are one object."""
    return lambda answer: read(parse(answer.body))


def page(read: Callable[[Fields], T]) -> Callable[[Answer], Page[T]]:
    """Make a reader of answers that are one page of a list."""

    def read_page(answer: Answer) -> Page[T]:
        fields = parse(answer.body)
        return Page(
            fields.each("items", read),
            fields.text_or("next_page_token", None),
            fields.text_or("cursor", None),
        )

    return read_page


def nothing(answer: Answer) -> None:
    """Read an answer that says no more than that it was done."""


def prepare(endpoint: Endpoint, call: Call[object]) -> Request:
    """Make the request for one call."""
    headers = {
        "accept": "application/json",
        # Answers are small, and a compressed secret tells its likeness to its neighbours by length.
        "accept-encoding": "identity",
        "user-agent": endpoint.user_agent,
    }
    if endpoint.token is not None:
        headers["authorization"] = f"Bearer {endpoint.token.reveal()}"
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


def interpret(call: Call[T], answer: Answer) -> T:
    """Read the answer to a call.

    Raises:
        KeysteadError: the server refused, or it was no answer of Keystead.
    """
    if answer.status in _OK:
        return call.read(answer)
    if answer.status in _REDIRECT:
        # Following it would carry the token to whatever address the answer names.
        raise UnexpectedAnswer(
            f"the server redirects elsewhere (status {answer.status}); give its final address",
            status=answer.status,
        )
    raise _problem(answer)


def _problem(answer: Answer) -> KeysteadError:
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return UnexpectedAnswer(
            f"status {answer.status}, but not from Keystead: is the address right?",
            status=answer.status,
        )
    fields = parse(answer.body)
    wait = answer.headers.get("retry-after", "")
    return error_for(answer.status)(
        fields.text_or("detail", "") or fields.text_or("title", "refused"),
        code=fields.text_or("code", "unknown"),
        status=answer.status,
        errors=fields.each("errors", _field_error),
        request_id=fields.text_or("request_id", ""),
        retry_after=int(wait) if wait.isascii() and wait.isdigit() else None,
    )


def _field_error(fields: Fields) -> FieldError:
    return FieldError(fields.text_or("field", ""), fields.text_or("message", ""))


def next_page(call: Call[Page[T]], page: Page[T]) -> Call[Page[T]] | None:
    """Return the call for the page that follows, or None after the last.

    Raises:
        UnexpectedAnswer: the server named the same page again, which would never end.
    """
    token = page.next_page_token
    if token is None:
        return None
    if (call.turn, token) in call.query:
        raise UnexpectedAnswer("the server's list does not advance")
    kept = tuple(pair for pair in call.query if pair[0] != call.turn)
    return replace(call, query=(*kept, (call.turn, token)))
