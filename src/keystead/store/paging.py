"""Keyset pages: rows after a position, in an order that ends with the id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import and_, func, literal, or_, select

from keystead.core.names import name_key
from keystead.ports.paging import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Select

    from keystead.ports.paging import PageRequest, Position
    from keystead.store.statement import Row

__all__ = ["cut_page", "end_of", "holds_text", "paged"]

T = TypeVar("T")


def paged(
    statement: Select[Any],
    sort: ColumnElement[Any],
    id_: ColumnElement[Any],
    page: PageRequest,
    *,
    descending: bool = False,
    empty_last: bool = False,
) -> Select[Any]:
    """Order a statement, start it after the page's position, and take one row more than asked for.

    With `empty_last`, rows whose sort value is NULL come after all others in both directions.
    """
    order = [sort.desc(), id_.desc()] if descending else [sort.asc(), id_.asc()]
    if empty_last:
        order.insert(0, sort.is_(None).asc())
    if page.after is not None:
        statement = statement.where(_after(sort, id_, page.after, descending, empty_last))
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


def holds_text(
    columns: Sequence[ColumnElement[str]], needle: str, *lists: ColumnElement[str]
) -> ColumnElement[bool]:
    """Say whether one of the columns, or a text in one of the lists, holds the needle; no wildcards.

    Texts are compared as names are (`core.names.name_key`), so without regard to case in any script.
    """
    key = name_key(needle)
    found = [func.instr(func.name_key(column), key) > 0 for column in columns]
    for texts in lists:
        each = func.json_each(texts).table_valued("value")
        inside = func.instr(func.name_key(each.c.value), key) > 0
        found.append(select(literal(1)).select_from(each).where(inside).exists())
    return or_(*found)


def _after(
    sort: ColumnElement[Any],
    id_: ColumnElement[Any],
    after: Position,
    descending: bool,  # noqa: FBT001
    empty_last: bool,  # noqa: FBT001
) -> ColumnElement[bool]:
    value, last = after
    beyond_id = id_ < last if descending else id_ > last
    if value is None:
        return and_(sort.is_(None), beyond_id)
    beyond = sort < value if descending else sort > value
    found = or_(beyond, and_(sort == value, beyond_id))
    return or_(found, sort.is_(None)) if empty_last else found
