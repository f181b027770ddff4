"""Keyset pages: rows after a position, in an order that ends with the id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import false, tuple_

from keystead.core.names import name_key
from keystead.ports.paging import Page
from keystead.store.rows.statement import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Select

    from keystead.ports.paging import PageRequest, Position
    from keystead.store.rows.statement import Row

__all__ = ["cut_page", "end_of", "holds_text", "paged", "search_text"]

T = TypeVar("T")


def paged(
    statement: Select[Any],
    sort: ColumnElement[Any],
    id_: ColumnElement[Any],
    page: PageRequest,
    *,
    descending: bool = False,
) -> Select[Any]:
    """Order a statement, start it after the page's position, and take one row more than asked for."""
    order = [sort.desc(), id_.desc()] if descending else [sort.asc(), id_.asc()]
    if page.after is not None:
        # Compared as a pair, so that an index on both finds the place instead of reading up to it.
        here, there = tuple_(sort, id_), tuple_(*page.after)
        statement = statement.where(here < there if descending else here > there)
    return statement.order_by(*order).limit(page.size + 1)


def end_of(
    rows: Sequence[Row], page: PageRequest, position: Callable[[Row], Position]
) -> Position | None:
    """Return where the next page starts; the row past the page's size only says that there is more."""
    return position(rows[page.size - 1]) if len(rows) > page.size else None


def cut_page(
    rows: Sequence[Row],
    page: PageRequest,
    record: Callable[[Row], T],
    position: Callable[[Row], Position],
) -> Page[T]:
    """Turn up to `size + 1` rows into a page."""
    return Page(tuple(record(r) for r in rows[: page.size]), end_of(rows, page, position))


def search_text(*texts: str) -> str:
    """Return what a search looks at: each text as names are compared (`core.names.name_key`), a line each."""
    return "\n".join(name_key(text) for text in texts if text)


def holds_text(search: ColumnElement[str], needle: str) -> ColumnElement[bool]:
    """Say whether a `search` column holds the needle, without regard to case in any script; no wildcards."""
    # No text has this character, and neither engine takes it in what it looks for.
    return false() if "\0" in needle else holds(search, name_key(needle))
