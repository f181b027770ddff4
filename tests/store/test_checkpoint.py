"""What was committed is copied into the database's file beside the commits, and no commit waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from keystead.store.sqlite.connection import DATABASE
from keystead.store.sqlite.store import SQLiteStore
from tests.store.installations import copy_of_an_installation, open_keyring
from tests.store.records import adding_owner, make_owner

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def opened(data: Path) -> SQLiteStore:
    return SQLiteStore(data, open_keyring(data, copy_of_an_installation(data)).audit)


def test_commits_reach_the_file_while_the_log_is_still_short(tmp_path: Path) -> None:
    data = tmp_path / "data"
    owner = make_owner()

    async def run() -> None:
        store = opened(data)
        await store.act(adding_owner(owner))
        # It waits for what was begun after the commit.
        await asyncio.to_thread(store._writer._checkpoints._thread.shutdown)
        alone = tmp_path / "alone.db"
        alone.write_bytes((data / DATABASE).read_bytes())  # nothing else runs
        with closing(sqlite3.connect(alone)) as base:
            found = base.execute("SELECT name FROM owners WHERE id = ?", (owner.id,)).fetchall()
        assert found == [(owner.name,)]

    asyncio.run(run())


def test_acts_go_on_where_nothing_can_be_copied(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    owners = [make_owner() for _ in range(3)]

    async def run() -> None:
        store = opened(data)
        store._writer._checkpoints._connection.close()
        for owner in owners:
            await store.act(adding_owner(owner))
        ids = [owner.id for owner in owners]
        assert len(await store.read(lambda tx: tx.owners.existing(ids))) == len(ids)
        await store.close()

    asyncio.run(run())
    assert caplog.text.count("the log could not be copied") == 1
