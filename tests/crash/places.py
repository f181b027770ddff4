"""Where a server's installation is kept, on either engine, so that a test can crash it and look into it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from keystead.store.postgres.aside import Aside
from tests.crash.nodes import found
from tests.running import Server, installed, start
from tests.store.servers import own_schema, require_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Look = Callable[[str], list[tuple[Any, ...]]]

__all__ = ["Place", "place_on"]


@dataclass(frozen=True, slots=True)
class Place:
    """An installation.

    Attributes:
        data: its data directory.
        admin: what `keystead init` told.
        url: of its schema on PostgreSQL; None on SQLite.
    """

    data: Path
    admin: Mapping[str, str]
    url: str | None
    _numbers: Iterator[int] = field(default_factory=count)

    def start(self, *arguments: str) -> Server:
        server = start(self.data, self.admin, *arguments)
        # Names are unique for a server that is asked, and all of these have one store.
        server._numbers = self._numbers
        return server

    @contextmanager
    def look(self) -> Iterator[Look]:
        """Give what asks its tables beside whatever runs; every question sees the same state."""
        if self.url is None:
            name = f"file:{self.data / 'keystead.db'}?mode=ro"
            with closing(sqlite3.connect(name, uri=True)) as base:
                base.execute("BEGIN")
                yield lambda statement: base.execute(statement).fetchall()
        else:
            with Aside(self.url) as server:
                server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield lambda statement: [tuple(row) for row in server.fetch(statement)]


@contextmanager
def place_on(engine: str, data: Path) -> Iterator[Place]:
    """Make an installation on `sqlite` or `postgresql`."""
    if engine == "sqlite":
        yield Place(data, installed(data), None)
        return
    require_server()
    with own_schema() as url:
        yield Place(data, found(data, url), url)
