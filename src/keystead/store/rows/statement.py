"""Statements: described with SQLAlchemy Core, run by the driver itself.

Core's own execution costs more than a whole secret fetch may; its compiler does not run in the hot path
here, because a statement that stands at module level is compiled once per engine and kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from sqlalchemy import and_, bindparam, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import Executable
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.cache_key import CacheKey
    from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["Compiled", "Compiler", "Row", "Runner", "holds", "is_one_of", "kept", "lies_between"]

E = TypeVar("E", bound=Executable)

_SHORT: Final = 4
"""GLOB compares all of a text from each place on: in `aaa…` a long part that ends otherwise takes it a
hundred times as long as `instr`."""

_MOST_ALIKE: Final = 500
"""Statements that are remembered without being kept: more than lists can be asked for in a day's work."""

Row = Any
"""A row of the driver: values by position and by column name."""


class Runner(Protocol):
    """Runs statements within one transaction."""

    async def rows(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Row]:
        """Return every row."""

    async def row(self, statement: Executable, values: Mapping[str, object]) -> Row | None:
        """Return the first row."""

    async def changed(self, statement: Executable, values: Mapping[str, object]) -> int:
        """Run a writing statement and return how many rows it changed.

        Raises:
            Conflict: `name_taken`, where a unique index refuses the row.
        """

    async def each(self, statement: Executable, values: Sequence[Mapping[str, object]]) -> None:
        """Run a writing statement once for each of many values."""


class is_one_of(FunctionElement[bool]):  # noqa: N801  # reads as a condition
    """`column IN (the ids of one bound parameter)`: one statement, whatever the set's size."""

    inherit_cache = True
    name = "is_one_of"

    def __init__(self, column: ColumnElement[Any], ids: ColumnElement[Any]) -> None:
        """Compare a column with a bound parameter that holds a set of texts."""
        super().__init__(column, ids)


@compiles(is_one_of, "sqlite")
def _in_json(element: is_one_of, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    column, ids = list(element.clauses)
    inside = compiler.process(ids, **kw)
    return f"{compiler.process(column, **kw)} IN (SELECT value FROM json_each({inside}))"  # noqa: S608  # compiled parts


@compiles(is_one_of, "postgresql")
def _in_array(element: is_one_of, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    column, ids = list(element.clauses)
    inside = compiler.process(ids, **kw)
    return f"{compiler.process(column, **kw)} = ANY(CAST({inside} AS text[]))"


class _Holds(FunctionElement[bool]):
    inherit_cache = True
    name = "holds"


class _HoldsShort(_Holds):
    """As the other; a class of its own, since a statement is remembered by the classes of its parts."""

    inherit_cache = True


def holds(text: ColumnElement[Any], part: str) -> FunctionElement[bool]:
    """Say whether a text holds another one somewhere; no character of it is a wildcard."""
    return (_HoldsShort if len(part) <= _SHORT else _Holds)(text, part)


@compiles(_Holds, "sqlite")
def _instr(element: _Holds, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    text, part = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"instr({text}, {part}) > 0"


@compiles(_HoldsShort, "sqlite")
def _glob(element: _HoldsShort, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    # GLOB looks for a pattern's first letter quicker than instr looks for a text, where parts are short.
    text, part = (compiler.process(clause, **kw) for clause in element.clauses)
    for wild in "[*?":
        part = f"replace({part}, '{wild}', '[{wild}]')"
    return f"{text} GLOB '*' || {part} || '*'"


@compiles(_Holds, "postgresql")
@compiles(_HoldsShort, "postgresql")
def _strpos(element: _Holds, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    text, part = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"strpos({text}, {part}) > 0"


class lies_between(FunctionElement[bool]):  # noqa: N801  # reads as a condition
    """Columns of an index, as one, are above the parameters `low_0`, `low_1`, … and below `high_0`, ….

    The first `lead` columns have the same value in both. SQLite is told so by whole rows: by single columns
    it would take the primary key for an object's entries, and walk a chain. PostgreSQL is told by single
    columns, since it has counted how often their values occur; by whole rows it might sort a million.
    """

    inherit_cache = False
    name = "lies_between"

    def __init__(self, columns: Sequence[ColumnElement[Any]], lead: int) -> None:
        """Bound these columns."""
        super().__init__(*columns)
        here = tuple_(*columns)
        lows = [bindparam(f"low_{i}", type_=c.type) for i, c in enumerate(columns)]
        highs = [bindparam(f"high_{i}", type_=c.type) for i, c in enumerate(columns)]
        self.by_rows = and_(here > tuple_(*lows), here < tuple_(*highs))
        same = [column == low for column, low in zip(columns[:lead], lows[:lead], strict=True)]
        rest = tuple_(*columns[lead:])
        self.by_columns = and_(*same, rest > tuple_(*lows[lead:]), rest < tuple_(*highs[lead:]))


@compiles(lies_between, "sqlite")
def _by_rows(element: lies_between, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return compiler.process(element.by_rows, **kw)


@compiles(lies_between, "postgresql")
def _by_columns(element: lies_between, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return compiler.process(element.by_columns, **kw)


@dataclass(frozen=True, slots=True)
class Compiled:
    """One statement as its engine's text, with the values that stood in it.

    Attributes:
        names: of the parameters, in the order of their places.
        place: returns the values of a mapping in that order.
    """

    sql: str
    names: tuple[str, ...]
    place: Callable[[Mapping[str, object]], tuple[object, ...]]
    fixed: Mapping[str, object]


def _given(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _placing(names: Sequence[str]) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
    match names:
        case []:
            return lambda _: ()
        case [one]:
            return lambda values: (values[one],)
        case _:
            return itemgetter(*names)


def kept(statement: E) -> E:
    """Mark a statement that stands at module level: it is compiled once for each engine."""
    return statement.execution_options(kept=True)


class Compiler:
    """Compiles for one engine, and remembers what it compiled."""

    def __init__(self, dialect: Dialect) -> None:
        """Compile for a dialect."""
        self._dialect = dialect
        self._kept: dict[int, tuple[Executable, Compiled]] = {}
        self._alike: dict[object, tuple[SQLCompiler, Compiled]] = {}

    def compiled(self, statement: Executable) -> Compiled:
        """Return the statement compiled.

        A list's, which is built anew each time, is not `kept`; but where one that differs in its values
        alone was compiled before, that takes a tenth of the time.
        """
        found = self._kept.get(id(statement))
        if found is not None and found[0] is statement:
            return found[1]
        if "kept" in statement.get_execution_options():
            _, made = self._made(statement, None)
            self._kept[id(statement)] = (statement, made)
            return made
        # As SQLAlchemy's own engines remember what they have compiled.
        key = statement._generate_cache_key()  # type: ignore[attr-defined]  # noqa: SLF001
        if key is None:
            return self._made(statement, None)[1]
        alike = self._alike.get(key.key)
        if alike is None:
            if len(self._alike) >= _MOST_ALIKE:
                self._alike.clear()
            alike = self._alike[key.key] = self._made(statement, key)
            return alike[1]
        values = alike[0].construct_params(extracted_parameters=key.bindparams, _check=False)
        return replace(alike[1], fixed=_given(values))

    def _made(self, statement: Executable, key: CacheKey | None) -> tuple[SQLCompiler, Compiled]:
        made = statement.compile(dialect=self._dialect, cache_key=key)  # type: ignore[attr-defined]
        names = tuple(made.positiontup or ())
        return made, Compiled(str(made), names, _placing(names), _given(made.params))
