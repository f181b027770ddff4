"""PostgreSQL at its worst: locked, slow, broken off in the middle of a word, asked by whoever gives up."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from keystead.core.errors import Unavailable
from keystead.store.chains import verify_chains
from tests.relay import Relay, relay
from tests.store.postgresql import Founded, founded
from tests.store.records import NOON, adding_account, enter, make_account, make_folder, make_owner
from tests.store.servers import held, own_schema, require_server, sql_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from keystead.owners.owner import Owner
    from keystead.ports.store import Tx
    from keystead.store.postgres.engine import PostgresDatabase
    from keystead.store.postgres.serving.feed import PostgresFeed

pytestmark = pytest.mark.postgresql

LOCKED = "LOCK TABLE generation IN ACCESS EXCLUSIVE MODE"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    require_server()
    with own_schema() as url:
        yield url


@pytest.fixture
def installation(tmp_path: Path, url: str) -> Iterator[Founded]:
    with founded(tmp_path, url) as found:
        yield found
        reports = verify_chains(found.engine, found.keyring.audit)
        assert [finding for report in reports for finding in report.findings] == []


@pytest.fixture
def line(url: str) -> Iterator[Relay]:
    with relay(urlsplit(url).port or 5432) as made:
        yield made


@asynccontextmanager
async def opened(
    installation: Founded, node: int = 0, url: str = ""
) -> AsyncIterator[PostgresDatabase]:
    database = await installation.open(node, url)
    try:
        yield database
    finally:
        await database.close()


def through(line: Relay, url: str) -> str:
    # Without TLS, so that the relay sees what is said.
    port = urlsplit(url).port or 5432
    return url.replace(f":{port}/", f":{line.port}/") + "&sslmode=disable"


def adding(owner: Owner) -> Callable[[Tx], Awaitable[None]]:
    async def work(tx: Tx) -> None:
        await tx.owners.insert(owner, None)
        await enter(tx, f"created {owner.id}")

    return work


def raising(ref: str) -> Callable[[Tx], Awaitable[None]]:
    return lambda tx: tx.generation.raise_for("credential", ref, NOON)


async def two_accounts(database: PostgresDatabase) -> tuple[str, str]:
    folder = make_folder()
    accounts = [make_account(folder.id) for _ in range(2)]
    await database.store.act(lambda tx: tx.folders.insert(folder))
    for account in accounts:
        await database.store.act(adding_account(account))
    return accounts[0].id, accounts[1].id


def is_kept(url: str, owner: Owner) -> bool:
    return sql_of(url, "SELECT 1 FROM owners WHERE id = ?", owner.id) == [(1,)]


async def refused(work: Awaitable[object]) -> tuple[str, str]:
    with pytest.raises(Unavailable) as caught:
        await work
    return caught.value.code, caught.value.detail


@pytest.mark.parametrize("word", ["BEGIN", "SAVEPOINT", "the values", "NOTIFY"])
@pytest.mark.parametrize("passed_on", [False, True], ids=["unheard", "unanswered"])
def test_what_breaks_before_the_commit_is_run_again(
    installation: Founded, line: Relay, word: str, passed_on: bool
) -> None:
    owner = make_owner()

    async def work(tx: Tx) -> None:
        await adding(owner)(tx)
        await raising("cred_a")(tx)

    async def run() -> None:
        async with opened(installation, url=through(line, installation.url)) as database:
            await database.store.act(adding(make_owner()))
            said = owner.id if word == "the values" else word
            line.break_at(said.encode(), passed_on=passed_on)
            await database.store.act(work)

    asyncio.run(run())
    assert line.broken == 1
    assert is_kept(installation.url, owner)


@pytest.mark.parametrize("passed_on", [False, True], ids=["unheard", "unanswered"])
def test_whose_commit_was_lost_is_told_to_look(
    installation: Founded, line: Relay, passed_on: bool
) -> None:
    owners = [make_owner() for _ in range(3)]

    async def run() -> None:
        async with opened(installation, url=through(line, installation.url)) as database:
            await database.store.act(adding(make_owner()))
            line.break_at(b"COMMIT\0", passed_on=passed_on)
            answers = [refused(database.store.act(adding(owner))) for owner in owners]
            for code, detail in await asyncio.gather(*answers):
                assert code == "busy"
                assert "look whether it was done" in detail
            await database.store.act(adding(make_owner()))

    asyncio.run(run())
    assert line.broken == 1
    assert {is_kept(installation.url, owner) for owner in owners} == {passed_on}


@pytest.mark.parametrize("word", ["BEGIN ISOLATION LEVEL REPEATABLE READ", "the values"])
def test_a_read_that_breaks_off_is_read_again(
    installation: Founded, line: Relay, word: str
) -> None:
    async def run() -> None:
        async with opened(installation, url=through(line, installation.url)) as database:
            owner = make_owner()
            await database.store.act(adding(owner))
            said = owner.id if word == "the values" else word
            line.break_at(said.encode(), passed_on=True)
            assert await database.store.read(lambda tx: tx.owners.find(owner.id)) == owner

    asyncio.run(run())
    assert line.broken == 1


def test_nobody_waits_for_a_server_out_of_reach_for_five_seconds(
    installation: Founded, line: Relay
) -> None:
    async def run() -> None:
        async with opened(installation, url=through(line, installation.url)) as database:
            store = database.store
            await store.act(adding(make_owner()))
            line.cut()
            begun = time.monotonic()
            # Two groups and some: who waits for the second is not to wait for a third.
            acts = [refused(store.act(adding(make_owner()))) for _ in range(600)]
            reads = [refused(store.read(lambda tx: tx.owners.find("own_a"))) for _ in range(50)]
            answers = await asyncio.gather(*acts, *reads)
            assert time.monotonic() < begun + 5
            assert {code for code, _ in answers} == {"busy"}
            line.mend()
            await store.act(adding(make_owner()))
            assert await store.read(lambda tx: tx.owners.find("own_a")) is None

    asyncio.run(run())


def test_an_act_waits_in_vain_for_a_row_and_the_others_of_its_group_do_not(
    installation: Founded,
) -> None:
    async def run() -> None:
        async with opened(installation) as database:
            store = database.store
            owners = [make_owner() for _ in range(40)]
            with held(installation.url, "SELECT n FROM generation FOR UPDATE"):
                begun = time.monotonic()
                acts = [asyncio.ensure_future(store.act(adding(owner))) for owner in owners]
                works = [raising("cred_a"), lambda tx: tx.generation.hold()] * 10
                blocked = [refused(store.act(work)) for work in works]
                answers = await asyncio.gather(*blocked)
                await asyncio.gather(*acts)
                assert time.monotonic() < begun + 4
            assert {code for code, _ in answers} == {"busy"}
            assert all(is_kept(installation.url, owner) for owner in owners)
            await store.act(raising("cred_after"))

    asyncio.run(run())
    assert sql_of(installation.url, "SELECT ref FROM generation_journal") == [("cred_after",)]


def test_who_holds_a_row_no_longer_than_a_second_only_delays(installation: Founded) -> None:
    async def run() -> None:
        async with opened(installation) as database:
            with held(installation.url, "SELECT n FROM generation FOR UPDATE"):
                act = asyncio.create_task(database.store.act(raising("cred_a")))
                await asyncio.sleep(0.7)
                assert not act.done()
            await act

    asyncio.run(run())


def test_a_chain_that_is_held_stops_acts_but_not_for_long_and_not_for_good(
    installation: Founded,
) -> None:
    owner = make_owner()

    async def run() -> None:
        async with opened(installation) as database:
            store = database.store
            with held(installation.url, "SELECT n FROM audit_heads FOR UPDATE"):
                begun = time.monotonic()
                answers = [refused(store.act(adding(make_owner()))) for _ in range(600)]
                assert {code for code, _ in await asyncio.gather(*answers)} == {"busy"}
                assert time.monotonic() < begun + 10
            await store.act(adding(owner))

    asyncio.run(run())
    assert sql_of(installation.url, "SELECT id FROM owners") == [(owner.id,)]


def test_locked_tables_stop_reads_but_not_for_long_and_not_for_good(installation: Founded) -> None:
    async def run() -> None:
        async with opened(installation) as database:
            store = database.store
            with held(installation.url, "LOCK TABLE owners IN ACCESS EXCLUSIVE MODE"):
                begun = time.monotonic()
                reads = [refused(store.read(lambda tx: tx.owners.find("own_a"))) for _ in range(40)]
                assert {code for code, _ in await asyncio.gather(*reads)} == {"busy"}
                assert time.monotonic() < begun + 10
            assert await store.read(lambda tx: tx.owners.find("own_a")) is None

    asyncio.run(run())


def test_two_nodes_in_each_others_way_both_come_through(installation: Founded) -> None:
    node = installation.join()
    tries: list[int] = []

    def crossing(number: int, *account_ids: str) -> Callable[[Tx], Awaitable[None]]:
        async def work(tx: Tx) -> None:
            tries.append(number)
            for account_id in account_ids:
                # Whoever finds it in an act holds it.
                await tx.accounts.find(account_id)
            await enter(tx, f"crossed {number}")

        return work

    async def run() -> None:
        async with opened(installation) as first, opened(installation, node) as second:
            a, b = await two_accounts(first)
            # Who is slow to begin finds the other one done, and there is no crossing.
            while len(tries) % 2 == 0 and len(tries) < 10:
                with held(installation.url, "SELECT id FROM accounts FOR UPDATE"):
                    acts = [
                        asyncio.create_task(first.store.act(crossing(1, a, b))),
                        asyncio.create_task(second.store.act(crossing(2, b, a))),
                    ]
                    await asyncio.sleep(0.3)
                await asyncio.gather(*acts)

    asyncio.run(run())
    assert len(tries) % 2, "one of them had to be run again"
    assert [
        entry.entries for entry in verify_chains(installation.engine, installation.keyring.audit)
    ]


def test_whoever_gives_up_a_read_leaves_nothing_open_behind_him(installation: Founded) -> None:
    async def run() -> None:
        async with opened(installation) as database:
            store = database.store

            def reading(owner_id: str) -> asyncio.Task[Owner | None]:
                return asyncio.create_task(store.read(lambda tx: tx.owners.find(owner_id)))

            with held(installation.url, "LOCK TABLE owners IN ACCESS EXCLUSIVE MODE"):
                reads = [reading("own_a") for _ in range(6)]
                await asyncio.sleep(0.5)
                for read in reads:
                    read.cancel()
                await asyncio.sleep(0)
                # A second time, as a server that stops does to whoever has not yet ended.
                for read in reads:
                    read.cancel()
                await asyncio.gather(*reads, return_exceptions=True)
            owner = make_owner()
            await store.act(adding(owner))
            found = await asyncio.gather(*(reading(owner.id) for _ in range(6)))
            assert found == [owner] * 6, "nobody reads an older state, or none"

    asyncio.run(run())


async def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


async def listening(database: PostgresDatabase) -> PostgresFeed:
    feed = database.listen()
    await feed.start()
    return feed


def test_who_gives_up_asking_for_news_takes_none_of_them_away(installation: Founded) -> None:
    node = installation.join()

    async def run() -> None:
        async with opened(installation) as first, opened(installation, node) as second:
            feed = await listening(second)
            assert await feed.news() is None
            await first.store.act(raising("cred_a"))
            await until(lambda: feed._heard != feed._stirs)
            with held(installation.url, LOCKED):
                asking = asyncio.create_task(feed.news())
                await asyncio.sleep(0.1)
                other = asyncio.create_task(feed.news())
                await asyncio.sleep(0.1)
                assert not other.done(), "while one asks, nobody else takes himself for informed"
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
            found = await other
            assert found is not None
            assert found.everything or found.named == (("credential", "cred_a"),)
            assert await feed.news() is None

    asyncio.run(run())


def test_behind_a_broken_line_everything_is_forgotten(installation: Founded) -> None:
    async def run() -> None:
        async with opened(installation) as database:
            feed = await listening(database)
            assert await feed.news() is None
            feed._connection.terminate()
            await until(lambda: not feed._knows_all())
            news = await feed.news()
            assert news is not None
            assert news.everything
            assert await feed.news() is None

    asyncio.run(run())


def test_an_act_that_was_taken_back_leaves_nobody_asking(installation: Founded) -> None:
    async def run() -> None:
        async with opened(installation) as database:
            feed = await listening(database)

            async def work(tx: Tx) -> None:
                await tx.generation.raise_for("credential", "cred_a", NOON)
                raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                await database.store.act(work)
            await feed.news()
            assert feed._knows_all()

    asyncio.run(run())
