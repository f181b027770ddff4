"""Finding a page's rows by looking at few of a table's.

Where nothing is filtered, or a filter's index has the list's order, the page is the index's next entries.
Where a filter is likely to match few rows, and does, those are found by its index and sorted. Otherwise:

1. The next rows are looked at, in order, a step each time. What many rows match fills the page in the first.
2. After each step but the last that found less than half a page, what few rows match is found by an index of
   one of the filters, whole, and sorted: up to twice as many as the step had.
3. What is neither found so is looked for in order, as far as `FARTHEST`. The page then ends short, perhaps
   empty, but with the place to go on from: no request reads a table without an end.

SQLite is told by which index to read (`INDEXED BY`). It has no statistics, and where it may choose it takes
a filter's index and sorts a hundred thousand rows for two hundred, or passes them all in the list's order.
A statement that cannot be answered by its index is an error there, so tests find it. PostgreSQL chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, or_, select, tuple_, union_all

from keystead.store.rows.lists.asked import Few, Lead
from keystead.store.rows.statement import is_one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Select, Table

    from keystead.ports.paging import PageRequest, Position
    from keystead.store.rows.lists.asked import Filter, Order, Segment
    from keystead.store.rows.statement import Row, Runner

__all__ = ["FARTHEST", "Walk"]

FARTHEST: Final = 130_000
"""Rows looked at for one page at most: 20 ms where an index holds what is looked at, 80 ms where not."""

_PRIMARY: Final = "primary"
"""The index of the ids."""

_STEPS: Final = (2_000, 16_000, FARTHEST - 18_000)
"""Farther each time: where a step ends is read from an index, for a third of what looking there takes."""

_MOST_READ: Final = 4 * FARTHEST
"""Entries of an index that are all read for one page: 70 ms."""

_SPARSE: Final = 20
"""Whoever finds less than a twentieth of a page in a step would have to look at that many steps more."""

_DENSE: Final = 2
"""Whoever finds half a page in a step finds the rest in the next one, which goes seven times as far."""

_MOST_IDS: Final = 4_000
"""Handed from one statement to the next."""

_LEAST: Final = -(1 << 62)
"""Below every instant. SQLite skips rows without a value only where it is told where to begin."""


class Walk:
    """One page's way through a table."""

    def __init__(
        self,
        run: Runner,
        table: Table,
        living: ColumnElement[bool],
        filters: Sequence[Filter],
        values: Mapping[str, object],
    ) -> None:
        """Look at living rows.

        Args:
            run: runs statements, all of one transaction.
            table: whose `id` ends every order.
            living: what every index is limited to.
            filters: each must match; the likeliest to match few come first.
            values: of the parameters in the filters.
        """
        self._run = run
        self._table = table
        self._id: ColumnElement[str] = table.c.id
        self._living = living
        self._filters = filters
        self._values = dict(values)
        self._dear = max((f.cost for f in filters), default=1)
        self._few: Few | None = None
        self._has_read = False
        self._longer: dict[int, bool] = {}

    async def page(
        self, order: Order, page: PageRequest
    ) -> tuple[Sequence[Position], Position | None]:
        """Return the places of a page's rows, and where the next page starts; None after the last."""
        found: list[Position] = []
        after = page.after
        for segment in order.segments:
            if after is not None and after[0] is None and not segment.empty:
                continue
            way = _Way(self._id, segment, order.descending, after)
            more, end = await self._through(way, page.size + 1 - len(found))
            found += more
            if end is not None:
                return found, end
            if len(found) > page.size:
                return found[:-1], found[-2]
            after = None
        return found, None

    async def _through(self, way: _Way, wanted: int) -> tuple[list[Position], Position | None]:
        leader, lead, tests = self._lead(way.segment)
        if lead is None:
            return [], None
        if not tests:
            return await self._look(way, lead, (), wanted), None
        if (few := await self._likely_few(leader)) is not None:
            return await self._among(way, few, wanted), None
        found: list[Position] = []
        end: Position | None = None
        ahead = way
        for step in _STEPS:
            end = await self._end_of(step, ahead, lead)
            found += await self._look(ahead.until(end), lead, tests, wanted - len(found))
            if end is None or len(found) == wanted:
                return found, None
            if step != _STEPS[-1] and len(found) * _DENSE < wanted:
                few = await self._found_few(leader, 2 * step, sparse=len(found) * _SPARSE < wanted)
                if few is not None:
                    return await self._among(way, few, wanted), None
            ahead = way.onwards(end)
        return found, end

    def _lead(
        self, segment: Segment
    ) -> tuple[Filter | None, Lead | None, list[ColumnElement[bool]]]:
        """Return who leads through a segment, how, and what is left to be tested."""
        leaders = [f for f in self._filters if segment.name in f.leads]
        leads = [f.leads[segment.name] for f in leaders]
        if None in leads:
            return None, None, []
        if not leads:
            return None, Lead(segment.index), [f.test for f in self._filters]
        leader, (lead, *others) = leaders[0], [each for each in leads if each is not None]
        tests = [f.test for f in self._filters if not (lead.exact and f is leader)]
        for other in others:
            lead = lead.within(other)
        return leader, lead, tests

    async def _look(
        self, way: _Way, lead: Lead, tests: Sequence[ColumnElement[bool]], wanted: int
    ) -> list[Position]:
        """Return the first places on the way whose rows match."""
        statement = self._by(lead.index, *way.places).where(*way.bounds(lead), *tests)
        ordered = statement.order_by(*way.order).limit(wanted)
        return [way.place(row) for row in await self._run.rows(ordered, self._values)]

    async def _end_of(self, step: int, way: _Way, lead: Lead) -> Position | None:
        """Return the place of the last row of a step on the way; None where the table ends before."""
        if self._dear == 1 and step == _STEPS[-1] and not await self._has_more_than(FARTHEST):
            return None
        statement = self._by(lead.index, *way.places).where(*way.bounds(lead)).order_by(*way.order)
        last = statement.limit(1).offset(step // self._dear - 1)
        row = await self._run.row(last, self._values)
        return None if row is None else way.place(row)

    async def _among(self, way: _Way, few: Few, wanted: int) -> list[Position]:
        tests = [f.test for f in self._filters]
        statement = self._by(few.index, *way.places).where(or_(*few.parts), *way.limits, *tests)
        ordered = statement.order_by(*way.order).limit(wanted)
        return [way.place(row) for row in await self._run.rows(ordered, self._values)]

    async def _likely_few(self, leader: Filter | None) -> Few | None:
        """Return how a filter finds all that may match that is likely to match few, and does."""
        for each in self._filters:
            few = each.few
            if few is not None and few.likely and each is not leader:
                return few if await self._are_few(few, 2 * _STEPS[0]) else None
        return None

    async def _found_few(self, leader: Filter | None, most: int, *, sparse: bool) -> Few | None:
        """Return how one of the filters finds all that may match, if that is not much.

        A whole index is read only where what was found is so sparse that to look on would take as long.
        """
        if self._few is not None:
            return self._few
        for each in self._filters:
            few = each.few
            if few is None:
                continue
            if few.reads_all:
                self._few = await self._read_all(few) if sparse else None
            elif each is not leader and await self._are_few(few, most):
                self._few = few
            if self._few is not None:
                break
        return self._few

    async def _read_all(self, few: Few) -> Few | None:
        """Return what finds the rows that a whole index was read for, if there are not many."""
        if self._has_read or await self._has_more_than(_MOST_READ):
            return None
        self._has_read = True
        statement = self._by(few.index, self._id).where(*few.parts).limit(_MOST_IDS + 1)
        ids = [row[0] for row in await self._run.rows(statement, self._values)]
        if len(ids) > _MOST_IDS:
            return None
        self._values["few"] = ids
        return Few(_PRIMARY, (is_one_of(self._id, bindparam("few")),))

    async def _are_few(self, few: Few, most: int) -> bool:
        parts = [self._by(few.index, self._id).where(part) for part in few.parts]
        some: Any = parts[0] if len(parts) == 1 else union_all(*parts)
        statement = select(func.count()).select_from(some.limit(most + 1).subquery())
        row = await self._run.row(statement, self._values)
        return row is not None and row[0] <= most

    async def _has_more_than(self, rows: int) -> bool:
        """Whether the whole table has more rows than so many."""
        if rows not in self._longer:
            statement = select(self._id).where(self._living).limit(1).offset(rows)
            self._longer[rows] = await self._run.row(statement, self._values) is not None
        return self._longer[rows]

    def _by(self, index: str, *columns: ColumnElement[Any]) -> Select[Any]:
        """Select from the living rows by an index."""
        statement = select(*columns).where(self._living)
        if index == _PRIMARY:
            index = f"sqlite_autoindex_{self._table.name}_1"
        return statement.with_hint(self._table, f"INDEXED BY {index}", "sqlite")


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """Through one segment: from a place, as far as another."""

    id_: ColumnElement[str]
    segment: Segment
    descending: bool
    start: Position | None
    end: Position | None = None

    def until(self, end: Position | None) -> _Way:
        return _Way(self.id_, self.segment, self.descending, self.start, end)

    def onwards(self, start: Position) -> _Way:
        return _Way(self.id_, self.segment, self.descending, start)

    @property
    def places(self) -> tuple[ColumnElement[Any], ...]:
        return self.segment.sort, self.id_

    @property
    def order(self) -> list[ColumnElement[Any]]:
        columns = [self.id_] if self.segment.empty else [self.segment.sort, self.id_]
        return [c.desc() if self.descending else c.asc() for c in columns]

    @property
    def limits(self) -> list[ColumnElement[bool]]:
        """What is asked of a row on the way."""
        found: list[ColumnElement[bool]] = []
        if self.start is not None:
            here, there = self._compared(self.start)
            found.append(here < there if self.descending else here > there)
        if self.end is not None:
            here, there = self._compared(self.end)
            found.append(here >= there if self.descending else here <= there)
        if self.segment.empty:
            found.append(self.segment.sort.is_(None))
        elif self.segment.has_value:
            found.append(self.segment.sort.is_not(None))
        return found

    def bounds(self, lead: Lead) -> list[ColumnElement[bool]]:
        """Return what an index is searched for.

        A bound of the lead's is left out where a place on the way says more: an index takes one at each
        end, and not of itself the narrower. What it asked is tested all the same.
        """
        found = [*lead.whole, *self.limits]
        low, high = (self.end, self.start) if self.descending else (self.start, self.end)
        if low is None and lead.low is not None:
            found.append(lead.low)
        elif low is None and self.segment.has_value:
            found.append(self.segment.sort >= _LEAST)
        if high is None and lead.high is not None:
            found.append(lead.high)
        return found

    def place(self, row: Row) -> Position:
        return None if self.segment.empty else row[0], row[1]

    def _compared(self, place: Position) -> tuple[Any, Any]:
        # As a pair, so that an index on both finds the place instead of reading up to it.
        if self.segment.empty:
            return self.id_, place[1]
        return tuple_(self.segment.sort, self.id_), tuple_(*place)
