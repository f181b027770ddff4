"""What a list may be asked for, as `walk` needs to know it: orders, and conditions with their indexes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, ColumnElement

__all__ = ["Few", "Filter", "Lead", "Order", "Segment"]


@dataclass(frozen=True, slots=True, eq=False)
class Lead:
    """How a filter leads through a segment: its part of an index that has the segment's order.

    Attributes:
        index: its name.
        whole: what the index is searched for, or is limited to.
        low: an inclusive or exclusive lower bound of the sort column.
        high: an upper one.
        exact: these conditions are all that the filter asks.
    """

    index: str
    whole: tuple[ColumnElement[bool], ...] = ()
    low: ColumnElement[bool] | None = None
    high: ColumnElement[bool] | None = None
    exact: bool = False

    def within(self, other: Lead) -> Lead:
        """Return the same between another one's bounds too, where it has none of its own."""
        low = other.low if self.low is None else self.low
        high = other.high if self.high is None else self.high
        return replace(self, low=low, high=high)


@dataclass(frozen=True, slots=True, eq=False)
class Few:
    """How a filter finds everything that it matches.

    Attributes:
        index: what it looks in.
        parts: what it looks for; whatever matches is in one of these.
        reads_all: it passes the whole index.
        likely: few rows match as a rule, so that is asked before any is looked at.
    """

    index: str
    parts: tuple[ColumnElement[bool], ...]
    reads_all: bool = False
    likely: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """One condition of a list.

    Attributes:
        test: all of it.
        few: how it is found where few rows match; None where it cannot be.
        leads: by the names of segments; None where the segment has no row that matches.
        cost: how many times as dear the test is as the comparison of a column.
    """

    test: ColumnElement[bool]
    few: Few | None = None
    leads: Mapping[str, Lead | None] = field(default_factory=dict)
    cost: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A part of an order.

    Attributes:
        name: by which filters say how they lead through it.
        sort: what it is sorted by, then by id.
        index: has this order.
        empty: its rows are those that have no value there, in the order of their ids.
    """

    name: str
    sort: Column[Any]
    index: str
    empty: bool = False

    @property
    def has_value(self) -> bool:
        """Whether its rows are picked from others that have no value."""
        return bool(self.sort.nullable) and not self.empty


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Segments one after another, each forwards or each backwards."""

    segments: tuple[Segment, ...]
    descending: bool
