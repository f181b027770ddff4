"""SQLite keeps what every store promises; and what only a file, processes and a disk can do to it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from keystead.store.chains import verify_chains
from keystead.store.sqlite.connection import DATABASE
from keystead.store.sqlite.counts import SQLiteCounts
from keystead.store.sqlite.engine import SQLiteEngine
from keystead.store.sqlite.feed import SQLiteFeed
from keystead.store.sqlite.store import SQLiteStore
from tests.store import stories_pages
from tests.store.conformance import MakeStore, Opened, tell
from tests.store.installations import copy_of_an_installation, open_keyring
from tests.store.stories import STORIES

if TYPE_CHECKING:
    from keystead.audit.findings import Report

MEMORY = Path("/dev/shm")


def opener(data: Path) -> MakeStore:
    master = copy_of_an_installation(data)

    async def make_store() -> Opened:
        keyring = open_keyring(data, master)
        store, counts = SQLiteStore(data, keyring.audit), SQLiteCounts(data)
        feeds: list[SQLiteFeed] = []
        over: list[bool] = []

        async def listen() -> SQLiteFeed:
            feeds.append(SQLiteFeed(data))
            return feeds[-1]

        def sql(statement: str, *values: object) -> list[tuple[Any, ...]]:
            with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as base:
                return base.execute(statement, values).fetchall()

        def verify() -> Report:
            return verify_chains(SQLiteEngine(data), keyring.audit)[0]

        async def close() -> None:
            if not over:
                over.append(True)
                await store.close()
                counts.close()
                for feed in feeds:
                    feed.close()

        return Opened(store, counts, listen, sql, verify, close)

    return make_store


@pytest.mark.parametrize("name", sorted(STORIES))
def test_story(tmp_path: Path, name: str) -> None:
    tell(STORIES[name], opener(tmp_path / "data"))


@pytest.mark.parametrize("name", sorted(STORIES))
def test_story_in_memory(name: str) -> None:
    """A data directory on a file system in memory: what a throw-away installation runs on."""
    if not MEMORY.is_dir():
        pytest.skip(f"{MEMORY} is not there")
    with TemporaryDirectory(dir=MEMORY, prefix="keystead-") as home:
        tell(STORIES[name], opener(Path(home) / "data"))


def test_the_filter_of_states_equals_the_lifecycle(tmp_path: Path) -> None:
    make_store = opener(tmp_path / "data")
    with asyncio.Runner() as runner:
        opened: Opened = runner.run(make_store())
        stories_pages.filters_equal_the_lifecycle(runner, opened)
        runner.run(opened.close())
