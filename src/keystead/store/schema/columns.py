"""What tables are made of: the schema's collections, and the columns and indexes that many have."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, String, text
from sqlalchemy.ext.compiler import compiles

__all__ = ["LIVING", "instant", "living", "metadata", "text_of", "usage_metadata"]

metadata = MetaData()
usage_metadata = MetaData()

LIVING = text("deleted_at IS NULL")


@compiles(String, "postgresql")
def _by_its_bytes(_: String, __: object, **___: object) -> str:
    """Let texts have the order and equality of their bytes, whatever the database's own collation is."""
    return 'TEXT COLLATE "C"'


def living(name: str, *columns: str, where: str | None = None) -> Index:
    """Return an index of the living rows alone, with all that its own condition asks.

    SQLite reads the row as well where the condition names a column that the index does not have.
    """
    condition = LIVING if where is None else text(f"deleted_at IS NULL AND {where}")
    return Index(name, *columns, "deleted_at", sqlite_where=condition, postgresql_where=condition)


def instant(name: str, *, nullable: bool = False) -> Column[int]:
    """Return a column of microseconds since 1970."""
    return Column(name, BigInteger, nullable=nullable)


def text_of(name: str, *, nullable: bool = False) -> Column[str]:
    """Return a column of text."""
    return Column(name, String, nullable=nullable)
