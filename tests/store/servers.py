"""A real PostgreSQL for tests: each asks for a schema of its own on the server that the environment names."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from keystead.store.postgres.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SERVER", "held", "own_database", "own_schema", "require_server", "sql_of"]

SERVER = os.environ.get("KEYSTEAD_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


def require_server() -> None:
    """Skip a test where no PostgreSQL answers, unless every server is required."""
    try:
        asyncio.run(_greet())
    except (OSError, asyncpg.PostgresError) as error:
        if os.environ.get("KEYSTEAD_TEST_REQUIRE") == "all":
            pytest.fail(f"PostgreSQL does not answer: {error}")
        pytest.skip(f"PostgreSQL does not answer: {error}; KEYSTEAD_TEST_POSTGRES names one")


async def _greet() -> None:
    await (await asyncpg.connect(SERVER, timeout=5)).close()


@contextmanager
def own_schema() -> Iterator[str]:
    """Make a schema, give the address that works in it, and drop it."""
    name = f"keystead_test_{secrets.token_hex(6)}"
    with Aside(SERVER) as server:
        server.execute(f"CREATE SCHEMA {name}")
    joint = "&" if "?" in SERVER else "?"
    try:
        yield f"{SERVER}{joint}search_path={name}"
    finally:
        with Aside(SERVER) as server:
            server.execute(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def own_database(form: str = "") -> Iterator[str]:
    """Make a database, whose connections are then its own too, give its address, and drop it."""
    name = f"keystead_test_{secrets.token_hex(6)}"
    with Aside(SERVER) as server:
        server.execute(f"CREATE DATABASE {name} {form}")
    try:
        yield urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
    finally:
        with Aside(SERVER) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def sql_of(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run one statement beside whatever is running; a parameter is a `?`."""
    numbers = count(1)
    statement = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
    with Aside(url) as server:
        return [tuple(row) for row in server.fetch(statement, *values)]


@contextmanager
def held(url: str, *statements: str) -> Iterator[None]:
    """Hold what some statements lock, as another node or an operator at a prompt would."""
    with Aside(url) as server:
        server.execute("BEGIN")
        for statement in statements:
            server.execute(statement)
        yield
        server.roll_back()
