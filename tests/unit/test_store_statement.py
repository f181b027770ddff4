"""What is compiled once serves every statement that differs in its values alone, and no other."""

from __future__ import annotations

import pytest
from sqlalchemy import Select, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from keystead.store.rows.statement import Compiled, Compiler, holds, is_one_of
from keystead.store.schema import tables

C = tables.credentials.c
DIALECTS = [
    sqlite.dialect(paramstyle="qmark"),
    postgresql.dialect(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]
]


def placed(compiled: Compiled, **values: object) -> tuple[object, ...]:
    return compiled.place({**compiled.fixed, **values})


def page(name: str, size: int) -> Select[tuple[str]]:
    return (
        select(C.id).where(C.name == name, is_one_of(C.owner_id, bindparam("owners"))).limit(size)
    )


@pytest.mark.parametrize("dialect", DIALECTS, ids=["sqlite", "postgresql"])
def test_a_statement_built_anew_has_its_own_values(dialect: Dialect) -> None:
    compiler = Compiler(dialect)
    first = compiler.compiled(page("one", 7))
    second = compiler.compiled(page("two", 8))
    assert second.sql is first.sql
    # SQLite's way to say a limit has an offset of 0, too.
    assert {*placed(first, owners=("o",))} - {0} == {"one", 7, ("o",)}
    assert {*placed(second, owners=("o",))} - {0} == {"two", 8, ("o",)}
    assert compiler.compiled(page("one", 7)) == first


@pytest.mark.parametrize("dialect", DIALECTS, ids=["sqlite", "postgresql"])
def test_a_statement_of_another_form_is_compiled_anew(dialect: Dialect) -> None:
    compiler = Compiler(dialect)
    forms = [
        page("one", 7),
        page("one", 7).order_by(C.id),
        page("one", 7).order_by(C.id.desc()),
        page("one", 7).where(C.expires_at.is_(None)),
        page("one", 7).with_hint(tables.credentials, "INDEXED BY one", "sqlite"),
        page("one", 7).with_hint(tables.credentials, "INDEXED BY two", "sqlite"),
    ]
    compiled = [compiler.compiled(form) for form in forms]
    alone = [Compiler(dialect).compiled(form) for form in forms]
    assert [one.sql for one in compiled] == [one.sql for one in alone]
    assert [placed(one, owners=()) for one in compiled] == [placed(one, owners=()) for one in alone]


def test_a_short_text_and_a_long_one_are_looked_for_in_their_own_ways() -> None:
    compiler = Compiler(DIALECTS[0])
    texts = ("abc", "abcdefgh", "xyz", "stuvwxyz")
    found = [compiler.compiled(select(C.id).where(holds(C.search, text))) for text in texts]
    assert [("GLOB" in one.sql, placed(one)) for one in found] == [
        (len(text) < 5, (text,)) for text in texts
    ]
