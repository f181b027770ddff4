"""The tables of what is counted: not migrated, but made where they are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table
from sqlalchemy.schema import CreateIndex, CreateTable

from keystead.store.schema.columns import instant, text_of, usage_metadata

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.schema import ExecutableDDLElement

__all__ = ["last_use", "made_if_missing", "used_in"]

# Counts live apart (`usage.db` on SQLite): flushing them never waits for, or wakes, the acts' own file.
last_use = Table(
    "last_use",
    usage_metadata,
    Column("credential_id", String, primary_key=True),
    Column("secret_n", Integer, primary_key=True),
    instant("at"),
    text_of("address"),
    text_of("agent"),
    Column("uses", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# How often in a period, by API and outcome; `length` is a minute, an hour or a day, in microseconds.
used_in = Table(
    "used_in",
    usage_metadata,
    Column("credential_id", String, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("length", BigInteger, primary_key=True),
    Column("api", String, primary_key=True),
    Column("outcome", String, primary_key=True),
    Column("uses", BigInteger, nullable=False),
    instant("first_at"),
    instant("last_at"),
    text_of("address"),
    text_of("agent"),
    sqlite_with_rowid=False,
)

# What grows old, to be put into longer periods.
_BY_AGE = Index("used_in_by_age", used_in.c.length, used_in.c.start)


def made_if_missing(dialect: Dialect) -> list[str]:
    """Return the statements that make them."""
    made: list[ExecutableDDLElement] = [
        CreateTable(last_use, if_not_exists=True),
        CreateTable(used_in, if_not_exists=True),
        CreateIndex(_BY_AGE, if_not_exists=True),
    ]
    return [str(each.compile(dialect=dialect)) for each in made]
