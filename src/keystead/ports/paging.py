"""Pages: how a list is asked for and answered, the same for every noun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

__all__ = ["DEFAULT_PAGE", "MAX_PAGE", "Page", "PageRequest", "Position"]

T = TypeVar("T")

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 200

Position = tuple[str | int | None, str]
"""Where a page ended: the sort column's value and the id of the last item, so that rows written
meanwhile neither repeat nor hide others."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Up to `size` items (1 to 200) after a position; None starts at the beginning."""

    size: int = DEFAULT_PAGE
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and where the next page starts; None after the last.

    A page may be short, even empty, though another follows: what few rows match is looked for among so
    many rows at a time, so that no request takes as long as the table is.
    """

    items: tuple[T, ...]
    next: Position | None = None
