"""Instants in bodies and queries: RFC 3339 texts, each wrong one named by its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import UNSET, UnsetType

from keystead.core.clock import Instant, format_instant, parse_instant
from keystead.core.errors import FieldError, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Instants", "text_of"]

T = TypeVar("T")


def text_of(at: Instant | None) -> str | None:
    """Return an instant as it is answered."""
    return None if at is None else format_instant(at)


class Instants:
    """Reads the instants of one request and keeps what is wrong with them."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self.wrong: list[FieldError] = []

    def read(self, given: Mapping[str, object], field: str) -> Instant | UnsetType | None:
        """Return one field's instant; UNSET where it was not sent or is wrong, None where it is null.

        Rows C7 and Decision 2: null and the empty text are both "never".
        """
        text = given.get(field, UNSET)
        if isinstance(text, UnsetType):
            return UNSET
        if text is None or text == "":
            return None
        try:
            return parse_instant(str(text))
        except ValueError as error:
            self.wrong.append(FieldError(field, str(error)))
            return UNSET

    def bound(self, given: Mapping[str, object], field: str) -> Instant | None:
        """Return one filter's instant; None where there is none, so that 1970 itself stays a bound."""
        at = self.read(given, field)
        return None if isinstance(at, UnsetType) else at

    def beside(self, make: Callable[[], T]) -> T:
        """Return what else is made of the same request, with what is wrong with both in one answer.

        Raises:
            Invalid: an instant was wrong, or what `make` found.
        """
        try:
            found = make()
        except Invalid as error:
            self.wrong += error.errors
            raise Invalid.of(*self.wrong) from None
        self.require()
        return found

    def require(self) -> None:
        """Raise `Invalid` if one was wrong."""
        if self.wrong:
            raise Invalid.of(*self.wrong)
