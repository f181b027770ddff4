"""PostgreSQL keeps what every store promises."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from keystead.core.clock import MINUTE, later
from keystead.store.chains import verify_chains
from tests.store import stories_pages
from tests.store.conformance import MakeStore, Opened, tell
from tests.store.postgresql import founded
from tests.store.records import NOON
from tests.store.servers import own_schema, require_server, sql_of
from tests.store.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from keystead.audit.findings import Report
    from keystead.ports.store import Tx
    from keystead.store.postgres.serving.feed import PostgresFeed

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    require_server()
    with own_schema() as url:
        yield url


@pytest.fixture
def make_store(tmp_path: Path, url: str) -> Iterator[MakeStore]:
    with founded(tmp_path, url) as installation:

        async def make() -> Opened:
            database = await installation.open()
            over: list[bool] = []

            async def listen() -> PostgresFeed:
                feed = database.listen()
                await feed.start()
                return feed

            def sql(statement: str, *values: object) -> list[tuple[Any, ...]]:
                return sql_of(url, statement, *values)

            def verify() -> Report:
                return verify_chains(installation.engine, installation.keyring.audit)[0]

            async def close() -> None:
                if not over:
                    over.append(True)
                    await database.close()

            return Opened(database.store, database.counts, listen, sql, verify, close)

        yield make


@pytest.mark.parametrize("name", sorted(STORIES))
def test_story(make_store: MakeStore, name: str) -> None:
    tell(STORIES[name], make_store)


def test_the_filter_of_states_equals_the_lifecycle(make_store: MakeStore) -> None:
    with asyncio.Runner() as runner:
        opened: Opened = runner.run(make_store())
        stories_pages.filters_equal_the_lifecycle(runner, opened)
        runner.run(opened.close())


def test_a_key_that_another_node_is_taking_is_waited_for(make_store: MakeStore, url: str) -> None:
    end = later(NOON, MINUTE)
    taken = f"INSERT INTO kept_answers VALUES ('cred_a', 'k', 'x', {end})"

    async def run() -> None:
        opened = await make_store()

        async def work(tx: Tx) -> bytes | None:
            if await tx.idempotency.claim("cred_a", "k", NOON, end):
                return None
            found = await tx.idempotency.find("cred_a", "k", NOON)
            return None if found is None else found.sealed

        other = await asyncpg.connect(url)
        try:
            for ending, seen in (("ROLLBACK", None), ("COMMIT", b"x")):
                await other.execute("DELETE FROM kept_answers")
                await other.execute("BEGIN")
                await other.execute(taken)
                waiting = asyncio.create_task(opened.store.act(work))
                await asyncio.sleep(0.2)
                assert not waiting.done()
                await other.execute(ending)
                assert await waiting == seen
        finally:
            await other.close()
            await opened.close()

    asyncio.run(run())
