"""Stories of acts: one transaction each, kept with their entry or not at all, and heard by everyone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keystead.core.errors import Conflict
from keystead.ports.audit import AuditQuery, Moment
from keystead.ports.freshness import News
from tests.store.conformance import Opened, story
from tests.store.records import NOON, enter, make_credential, make_owner, make_secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.owners.owner import Owner
    from keystead.ports.store import Tx

EVERYTHING = AuditQuery()


def act_of(owner: Owner) -> Callable[[Tx], Awaitable[str]]:
    """Return an act like any other: it writes, and enters what it did."""

    async def work(tx: Tx) -> str:
        await tx.owners.insert(owner, None)
        await enter(tx, f"created {owner.id}")
        return owner.id

    return work


def raising(credential_id: str) -> Callable[[Tx], Awaitable[None]]:
    return lambda tx: tx.generation.raise_for("credential", credential_id, NOON)


async def entered(opened: Opened) -> list[str]:
    part = await opened.store.read(lambda tx: tx.audit.onwards(EVERYTHING, Moment(0, 0, 0), 10_000))
    found = part.entries
    assert [entry.n for entry in found] == list(range(1, len(found) + 1)), "no gap"
    return [entry.columns.verb.removeprefix("created ") for entry in found]


async def kept(opened: Opened) -> set[str]:
    return {row[0] for row in opened.sql("SELECT id FROM owners")}


@story
async def six_hundred_acts_at_once_are_all_kept_with_their_entries(opened: Opened) -> None:
    owners = [make_owner() for _ in range(600)]
    answers = await asyncio.gather(*(opened.store.act(act_of(owner)) for owner in owners))
    assert answers == [owner.id for owner in owners], "each waiter gets his own answer"
    assert await kept(opened) == {owner.id for owner in owners}
    assert sorted(await entered(opened)) == sorted(owner.id for owner in owners)


@story
async def an_act_that_fails_takes_back_itself_and_nobody_else(opened: Opened) -> None:
    good = [make_owner() for _ in range(20)]

    async def breaks(tx: Tx) -> None:
        await act_of(make_owner())(tx)
        msg = "this act's own fault"
        raise ZeroDivisionError(msg)

    async def refused(tx: Tx) -> None:
        await act_of(make_owner())(tx)
        raise Conflict("wrong_state", "a decided no")

    async def doubled(tx: Tx) -> None:
        await act_of(make_owner())(tx)
        await tx.owners.insert(good[0], None)

    async def nameless(tx: Tx) -> None:
        await act_of(make_owner())(tx)
        await tx.owners.insert(make_owner(email=None), None)

    async def unbindable(tx: Tx) -> None:
        await act_of(make_owner())(tx)
        await tx.owners.insert(make_owner(email=object()), None)

    async def too_large(tx: Tx) -> None:
        await act_of(make_owner())(tx)
        await tx.owners.insert(make_owner(created_at=1 << 70), None)

    async def waits(tx: Tx) -> None:
        await act_of(make_owner())(tx)
        await asyncio.sleep(0)

    failing = [breaks, refused, doubled, nameless, unbindable, too_large, waits]
    outcomes = await asyncio.gather(
        *(opened.store.act(act_of(owner)) for owner in good[:10]),
        *(opened.store.act(work) for work in failing),
        *(opened.store.act(act_of(owner)) for owner in good[10:]),
        return_exceptions=True,
    )
    assert [type(o) for o in outcomes[10:12]] == [ZeroDivisionError, Conflict]
    assert all(isinstance(o, Exception) for o in outcomes[10:17])
    assert [o for o in (*outcomes[:10], *outcomes[17:]) if not isinstance(o, str)] == []
    assert await kept(opened) == {owner.id for owner in good}
    assert await entered(opened) == [owner.id for owner in good]


@story
async def an_act_that_awaits_something_else_is_refused_and_undone(opened: Opened) -> None:
    ran: list[str] = []

    async def waits(tx: Tx) -> None:
        await act_of(make_owner())(tx)
        await asyncio.sleep(0)
        ran.append("on")

    with pytest.raises(RuntimeError, match="awaited something besides"):
        await opened.store.act(waits)
    with pytest.raises(RuntimeError, match="awaited something besides"):
        await opened.store.read(lambda _: asyncio.sleep(0))
    assert (ran, await kept(opened), await entered(opened)) == ([], set(), [])


@story
async def who_stops_waiting_neither_loses_nor_doubles_the_act(opened: Opened) -> None:
    owners = [make_owner() for _ in range(9)]
    tasks = [asyncio.create_task(opened.store.act(act_of(owner))) for owner in owners]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(o, asyncio.CancelledError) for o in outcomes] == [True, False, False] * 3
    done = await entered(opened)
    assert set(done) == await kept(opened), "an act and its entry stand or fall together"
    assert len(done) == len(set(done))
    assert {o.id for i, o in enumerate(owners) if i % 3} <= set(done), "others were not touched"


@story
async def what_waits_at_the_end_is_still_done(opened: Opened) -> None:
    owner = make_owner()
    task = asyncio.create_task(opened.store.act(act_of(owner)))
    await asyncio.sleep(0)
    await opened.close()
    assert await task == owner.id
    assert opened.sql("SELECT count(*) FROM owners") == [(1,)]


@story
async def a_reader_enters_nothing(opened: Opened) -> None:
    with pytest.raises(RuntimeError):
        await opened.store.read(enter)


@story
async def a_reader_sees_one_state_whatever_is_written_meanwhile(opened: Opened) -> None:
    owner = make_owner(email="before@example.com")
    await opened.store.act(act_of(owner))

    async def look(tx: Tx) -> list[str]:
        found: list[str] = []
        for _ in range(2):
            read = await tx.owners.find(owner.id)
            assert read is not None
            found.append(read.email)
            opened.sql("UPDATE owners SET email = 'after@example.com'")
        return found

    assert await opened.store.read(look) == ["before@example.com"] * 2
    assert (await opened.store.read(look))[0] == "after@example.com"


@story
async def news_names_what_changed_and_comes_once(opened: Opened) -> None:
    ear, late = await opened.listen(), await opened.listen()
    assert await ear.news() is None

    async def change(tx: Tx) -> None:
        await tx.generation.raise_for("credential", "cred_1", NOON)
        await tx.generation.raise_for("owner", "own_1", NOON)

    await opened.store.act(change)
    told = News(everything=False, named=(("credential", "cred_1"), ("owner", "own_1")))
    assert await ear.news() == told
    assert await ear.news() is None
    await opened.store.act(lambda tx: tx.generation.raise_for("folders", "fold_1", NOON))
    assert await ear.news() == News(everything=False, named=(("folders", "fold_1"),))
    heard = await late.news()
    assert heard is not None
    assert heard.named == (*told.named, ("folders", "fold_1"))
    assert await (await opened.listen()).news() is None, "what was before is not news"


@story
async def what_takes_no_right_away_is_no_news(opened: Opened) -> None:
    ear = await opened.listen()
    owner = make_owner()
    await opened.store.act(act_of(owner))
    await opened.store.act(
        lambda tx: tx.credentials.insert(make_credential(owner.id), make_secret())
    )
    assert await ear.news() is None


@story
async def an_act_that_was_undone_is_no_news(opened: Opened) -> None:
    ear = await opened.listen()

    async def breaks(tx: Tx) -> None:
        await tx.generation.raise_for("credential", "cred_1", NOON)
        raise Conflict("wrong_state", "")

    with pytest.raises(Conflict):
        await opened.store.act(breaks)
    assert await ear.news() is None


@story
async def too_much_news_means_everything(opened: Opened) -> None:
    ear = await opened.listen()

    async def change(tx: Tx) -> None:
        for i in range(10_001):
            await tx.generation.raise_for("credential", f"cred_{i}", NOON)

    await opened.store.act(change)
    assert await ear.news() == News(everything=True, named=())
    assert await ear.news() is None


@story
async def news_that_was_trimmed_means_everything(opened: Opened) -> None:
    ear = await opened.listen()
    for i in range(3):
        await opened.store.act(raising(f"cred_{i}"))
    opened.sql("DELETE FROM generation_journal WHERE n = 1")
    assert await ear.news() == News(everything=True, named=())


@story
async def the_journal_does_not_grow_for_ever(opened: Opened) -> None:
    await opened.store.act(lambda tx: tx.generation.raise_for("credential", "cred_old", NOON))
    opened.sql("UPDATE generation SET n = 250000")
    ear = await opened.listen()

    async def change(tx: Tx) -> None:
        # However seldom a store trims, it does so within this many.
        for i in range(1000):
            await tx.generation.raise_for("credential", f"cred_{i}", NOON)

    await opened.store.act(change)
    assert opened.sql("SELECT count(*) FROM generation_journal") == [(1000,)]
    heard = await ear.news()
    assert heard is not None
    assert len(heard.named) == 1000
