"""SQLite keeps what every store promises; and what only a file, processes and a disk can do to it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from keystead.store.chain_file import verify_chain
from keystead.store.connection import DATABASE
from keystead.store.counts import SQLiteCounts
from keystead.store.feed import SQLiteFeed
from keystead.store.installation import open_keyring
from keystead.store.sqlite import SQLiteStore
from tests.store import stories_acts, stories_nouns, stories_pages
from tests.store.conformance import STORIES, MakeStore, Opened, tell
from tests.store.installations import copy_of_an_installation

if TYPE_CHECKING:
    from pathlib import Path

    from keystead.audit.verifier import Report

TOLD = (stories_acts, stories_nouns, stories_pages)


def opener(data: Path) -> MakeStore:
    master = copy_of_an_installation(data)

    async def make_store() -> Opened:
        keyring = open_keyring(data, master)
        store, counts = SQLiteStore(data, keyring.audit), SQLiteCounts(data)
        feeds: list[SQLiteFeed] = []
        over: list[bool] = []

        def listen() -> SQLiteFeed:
            feeds.append(SQLiteFeed(data))
            return feeds[-1]

        def sql(statement: str, *values: object) -> list[tuple[Any, ...]]:
            with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as base:
                return base.execute(statement, values).fetchall()

        def verify() -> Report:
            return verify_chain(data, keyring.audit, None)

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


def test_the_filter_of_states_equals_the_lifecycle(tmp_path: Path) -> None:
    make_store = opener(tmp_path / "data")
    with asyncio.Runner() as runner:
        opened: Opened = runner.run(make_store())
        stories_pages.filters_equal_the_lifecycle(runner, opened)
        runner.run(opened.close())
