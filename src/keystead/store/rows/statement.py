"""Statements: described with SQLAlchemy Core, run by the driver itself.

Core's own execution costs more than a whole secret fetch may; its compiler does not run in the hot path
here, because a statement that stands at module level is compiled once per engine and kept.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from sqlalchemy import BindParameter, and_, bindparam, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import Executable
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["Compiled", "Compiler", "Row", "Runner", "holds", "is_one_of", "kept", "lies_between"]

E = TypeVar("E", bound=Executable)

_SHORT: Final = 4
"""GLOB compares all of a text from each place on: in `aaa…` a long part that ends otherwise takes it a
hundred times as long as `instr`."""

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


class holds(FunctionElement[bool]):  # noqa: N801  # reads as a condition
    """A text holds another one somewhere; no character of it is a wildcard."""

    inherit_cache = True
    name = "holds"

    def __init__(self, text: ColumnElement[Any], part: ColumnElement[Any] | str) -> None:
        """Look for a part in a text."""
        super().__init__(text, part)


@compiles(holds, "sqlite")
def _instr(element: holds, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    # GLOB looks for a pattern's first letter quicker than instr looks for a text, where parts are short.
    sought = list(element.clauses)[1]
    is_long = isinstance(sought, BindParameter) and len(str(sought.value)) > _SHORT
    text, part = (compiler.process(clause, **kw) for clause in element.clauses)
    if is_long:
        return f"instr({text}, {part}) > 0"
    for wild in "[*?":
        part = f"replace({part}, '{wild}', '[{wild}]')"
    return f"{text} GLOB '*' || {part} || '*'"


@compiles(holds, "postgresql")
def _strpos(element: holds, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
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


class Compiled:
    """One statement as its engine's text, with the values that stood in it.

    Attributes:
        names: of the parameters, in the order of their places.
        place: returns the values of a mapping in that order.
    """

    __slots__ = ("fixed", "names", "place", "sql")

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        """Compile for an engine."""
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.sql: Final[str] = str(compiled)
        self.names: Final[tuple[str, ...]] = tuple(compiled.positiontup or ())
        self.place: Final = _placing(self.names)
        self.fixed: Final[dict[str, object]] = {
            name: value for name, value in compiled.params.items() if value is not None
        }


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
    """Compiles for one engine, and remembers the statements that are kept."""

    def __init__(self, dialect: Dialect) -> None:
        """Compile for a dialect."""
        self._dialect = dialect
        self._kept: dict[int, tuple[Executable, Compiled]] = {}

    def compiled(self, statement: Executable) -> Compiled:
        """Return the statement compiled; a list's, which is built anew each time, is not `kept`."""
        found = self._kept.get(id(statement))
        if found is not None and found[0] is statement:
            return found[1]
        made = Compiled(statement, self._dialect)
        if "kept" in statement.get_execution_options():
            self._kept[id(statement)] = (statement, made)
        return made
