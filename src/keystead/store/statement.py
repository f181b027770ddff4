"""Statements: described with SQLAlchemy Core, run by the driver itself.

Core's own execution costs more than a whole secret fetch may; its compiler does not run in the hot path
here, because a statement that stands at module level is compiled once per engine and kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.sql.expression import Executable

__all__ = ["Compiled", "Compiler", "Row", "Runner", "is_one_of"]

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


class Compiled:
    """One statement as its engine's text, with the values that stood in it."""

    __slots__ = ("fixed", "sql")

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        """Compile for an engine."""
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.sql: Final[str] = str(compiled)
        self.fixed: Final[dict[str, object]] = {
            name: value for name, value in compiled.params.items() if value is not None
        }


class Compiler:
    """Compiles for one engine, and remembers the statements that stand at module level."""

    def __init__(self, dialect: Dialect) -> None:
        """Compile for a dialect."""
        self._dialect = dialect
        self._kept: dict[int, tuple[Executable, Compiled]] = {}

    def compiled(self, statement: Executable) -> Compiled:
        """Return the statement compiled; a list's statement, built anew each time, is not kept."""
        kept = self._kept.get(id(statement))
        if kept is not None and kept[0] is statement:
            return kept[1]
        made = Compiled(statement, self._dialect)
        if "kept" in statement.get_execution_options():
            self._kept[id(statement)] = (statement, made)
        return made
