"""What is asked of the server, as a value: what to send, and how to read what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from keystead_client._core.decoding import decode, decode_items, parse
from keystead_client._core.errors import UnexpectedAnswer

__all__ = ["Answer", "Call", "Download", "Page", "next_page", "nothing", "one", "page"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing on the server."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Download(Call[bytes]):
    """A call whose answer may be larger than memory: the one that a client's `download` takes.

    `send` takes it too, as far as the answer is no larger than any other may be.
    """


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """One page of a list; `next_page_token` is None on the last.

    `cursor` is there for lists that grow at their end (the audit): ask again from it, also later.
    """

    items: tuple[T_co, ...]
    next_page_token: str | None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class _Ahead:
    next_page_token: str | None
    cursor: str | None


def one(kind: type[T]) -> Callable[[Answer], T]:
    """Make a reader of answers that are one object."""
    return lambda answer: decode(kind, parse(answer.body))


def page(kind: type[T]) -> Callable[[Answer], Page[T]]:
    """Make a reader of answers that are one page of a list."""

    def read(answer: Answer) -> Page[T]:
        raw = parse(answer.body)
        ahead = decode(_Ahead, raw)
        return Page(decode_items(kind, raw), ahead.next_page_token, ahead.cursor)

    return read


def nothing(answer: Answer) -> None:
    """Read an answer that says no more than that it was done."""


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
