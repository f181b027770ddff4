"""One JSON object of an answer: strict about what a record needs, blind to what it does not know.

A message from here names the field and never quotes a value: the answer may hold a secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar, cast

from keystead_client._errors import UnexpectedAnswer

__all__ = ["Fields", "parse"]

T = TypeVar("T")

_EMPTY: Final[Mapping[str, object]] = {}


class Fields:
    """One JSON object of an answer, read field by field."""

    __slots__ = ("raw",)

    def __init__(self, raw: Mapping[str, object]) -> None:
        self.raw: Mapping[str, object] = raw

    def _of(self, name: str, kind: type[T]) -> T:
        value = self.raw.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise UnexpectedAnswer(f"the answer's field '{name}' is missing or has another form")
        return value

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        return self._of(name, str)

    def text_or(self, name: str, fallback: T) -> str | T:
        """Return a text, or the fallback when it is missing or null."""
        return fallback if self.raw.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        """Return a whole number that must be there."""
        return self._of(name, int)

    def instant(self, name: str) -> datetime:
        """Return an instant that must be there, in UTC."""
        text = self.text(name)
        try:
            at = datetime.fromisoformat(text)
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise UnexpectedAnswer(f"the answer's field '{name}' is no instant with its offset")

    def instant_or_none(self, name: str) -> datetime | None:
        """Return an instant, or None when it is missing or null."""
        return None if self.raw.get(name) is None else self.instant(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; empty when missing or null."""
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise UnexpectedAnswer(f"the answer's field '{name}' is no list of texts")
        return tuple(cast("list[str]", values))

    def text_map(self, name: str) -> dict[str, str]:
        """Return an object whose values are texts; empty when missing or null."""
        values = self.raw.get(name) or _EMPTY
        if not isinstance(values, Mapping) or not all(isinstance(v, str) for v in values.values()):
            raise UnexpectedAnswer(f"the answer's field '{name}' is no map of texts")
        return dict(cast("Mapping[str, str]", values))

    def one(self, name: str, read: Callable[[Fields], T]) -> T:
        """Return an object that must be there."""
        return read(Fields(self._of(name, dict)))

    def one_or_none(self, name: str, read: Callable[[Fields], T]) -> T | None:
        """Return an object, or None when it is missing or null."""
        return None if self.raw.get(name) is None else self.one(name, read)

    def each(self, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        """Return a list of objects; empty when missing or null."""
        values = self._list(name)
        if not all(isinstance(value, dict) for value in values):
            raise UnexpectedAnswer(f"the answer's field '{name}' is no list of objects")
        return tuple([read(Fields(value)) for value in cast("list[dict[str, object]]", values)])

    def _list(self, name: str) -> list[object]:
        return [] if self.raw.get(name) is None else self._of(name, list)


def parse(body: bytes) -> Fields:
    """Read a body that must be one JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        # Not chained: the decoder's error keeps the whole text.
        raise UnexpectedAnswer("the answer is not JSON") from None
    if not isinstance(value, dict):
        raise UnexpectedAnswer("the answer is not a JSON object")
    return Fields(value)
