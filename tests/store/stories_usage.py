"""Stories of how often credentials were used: by the minute, and later by longer periods."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from keystead.core.clock import DAY, HOUR, MINUTE, SECOND, Instant, later
from keystead.ports.paging import PageRequest
from keystead.ports.usage import UsageQuery
from tests.store.conformance import Opened, story
from tests.store.records import NOON, make_use

if TYPE_CHECKING:
    from keystead.ports.usage import Period

ONE, OTHER = "cred_one", "cred_other"
SOME = PageRequest(size=200)


async def told(
    opened: Opened, length: int = MINUTE, *ids: str, page: PageRequest = SOME, **more: Instant
) -> list[Period]:
    query = UsageQuery(length=length, **more)
    found = await opened.store.browse(lambda tx: tx.usage.page(ids or (ONE,), query, page))
    assert found.next is None
    return list(found.items)


def sums(periods: list[Period]) -> list[tuple[int, str, str, int]]:
    return [((p.start - NOON) // MINUTE, p.api, p.outcome, p.uses) for p in periods]


@story
async def uses_are_told_by_minute_api_and_outcome(opened: Opened) -> None:
    await opened.counts.add(
        [
            make_use(ONE, at=later(NOON, 9), first_at=later(NOON, 5), count=3, address="10.0.0.1"),
            make_use(ONE, at=NOON, outcome="network_denied", address="10.0.0.2", agent="x"),
            make_use(ONE, at=NOON, api="https://a.example"),
            make_use(ONE, at=later(NOON, MINUTE)),
            make_use(OTHER, at=NOON),
        ]
    )
    found = await told(opened)
    assert sums(found) == [
        (1, "keystead", "allowed", 1),
        (0, "https://a.example", "allowed", 1),
        (0, "keystead", "allowed", 3),
        (0, "keystead", "network_denied", 1),
    ]
    third, fourth = found[2:]
    assert (third.first_at, third.last_at, third.address) == (
        later(NOON, 5),
        later(NOON, 9),
        "10.0.0.1",
    )
    assert (fourth.address, fourth.agent, fourth.length) == ("10.0.0.2", "x", MINUTE)
    assert sums(await told(opened, MINUTE, ONE, OTHER))[2:3] == [(0, "keystead", "allowed", 4)]


@story
async def counts_of_several_processes_add_up_in_any_order(opened: Opened) -> None:
    newest = make_use(ONE, 1, later(NOON, 30 * SECOND), address="10.0.0.3", agent="new")
    older = make_use(ONE, 2, later(NOON, 10 * SECOND), address="10.0.0.1", agent="old", count=4)
    await asyncio.gather(*(opened.counts.add([newest, older]) for _ in range(3)))
    await opened.counts.add([older])
    (found,) = await told(opened)
    assert (found.uses, found.first_at, found.last_at) == (19, older.at, newest.at)
    assert (found.address, found.agent) == ("10.0.0.3", "new")


@story
async def longer_periods_are_summed_of_shorter_ones(opened: Opened) -> None:
    minutes = [later(NOON, n * MINUTE) for n in (0, 1, 59, 60, 61, 24 * 60)]
    await opened.counts.add(
        [make_use(ONE, at=at, address=f"10.0.0.{n}") for n, at in enumerate(minutes)]
    )
    hours = await told(opened, HOUR)
    assert sums(hours) == [
        (n, "keystead", "allowed", uses) for n, uses in ((1440, 1), (60, 2), (0, 3))
    ]
    assert (hours[-1].address, hours[-1].first_at, hours[-1].last_at) == (
        "10.0.0.2", NOON, minutes[2],
    )  # fmt: skip
    days = await told(opened, DAY)
    assert [(p.uses, p.length) for p in days] == [(1, DAY), (5, DAY)]
    later_ones = await told(opened, HOUR, after=later(NOON, HOUR), before=later(NOON, DAY))
    assert sums(later_ones) == [(60, "keystead", "allowed", 2)]


@story
async def they_come_page_by_page(opened: Opened) -> None:
    await opened.counts.add(
        [
            make_use(ONE, at=later(NOON, n * MINUTE), outcome=outcome)
            for n in range(3)
            for outcome in ("allowed", "network_denied", "owner_disabled")
        ]
    )
    whole = await told(opened)
    found: list[Period] = []
    page = PageRequest(size=2)
    query = UsageQuery(length=MINUTE)
    while True:
        asked = page
        got = await opened.store.browse(lambda tx: tx.usage.page((ONE,), query, asked))  # noqa: B023
        found += got.items
        if got.next is None:
            break
        page = replace(page, after=got.next)
    assert len(whole) == 9
    assert found == whole


@story
async def old_minutes_become_hours_and_old_hours_days(opened: Opened) -> None:
    await opened.counts.add(
        [make_use(ONE, at=later(NOON, n * MINUTE), address=f"10.0.{n}.1") for n in range(90)]
        + [make_use(ONE, at=NOON, outcome="network_denied")]
    )
    just = later(NOON, 2 * DAY)
    assert await opened.counts.roll(just, 500) == 0
    assert await opened.counts.roll(later(just, HOUR), 40) == 40
    assert await opened.counts.roll(later(just, HOUR), 40) == 21
    assert await opened.counts.roll(later(just, HOUR), 40) == 0
    found = await told(opened)
    assert sums(found)[-3:] == [
        (60, "keystead", "allowed", 1),
        (0, "keystead", "allowed", 60),
        (0, "keystead", "network_denied", 1),
    ]
    assert [(p.length, p.address) for p in found[-2:]] == [(HOUR, "10.0.59.1"), (HOUR, "")]
    assert sums(await told(opened, HOUR)) == [
        (60, "keystead", "allowed", 30),
        (0, "keystead", "allowed", 60),
        (0, "keystead", "network_denied", 1),
    ]
    # What is flushed late is added to what it belongs to.
    await opened.counts.add([make_use(ONE, at=NOON)])
    while await opened.counts.roll(later(NOON, 92 * DAY), 500):
        pass
    days = await told(opened)
    assert [(p.length, p.outcome, p.uses) for p in days] == [
        (DAY, "allowed", 91), (DAY, "network_denied", 1),
    ]  # fmt: skip
    assert (days[0].first_at, days[0].last_at) == (NOON, later(NOON, 89 * MINUTE))


@story
async def more_rows_than_are_read_at_once_are_told_whole(opened: Opened) -> None:
    """Of one day, so that its many minutes are read again and again; and then of another one."""
    await opened.counts.add(
        [
            make_use(ONE, at=later(NOON, n * MINUTE), outcome=f"code {m}")
            for n in range(0, 30 * 60, 2)
            for m in range(5)
        ]
    )
    days = await told(opened, DAY)
    assert [p.uses for p in days] == [540] * 5 + [360] * 5
    query, page, found = UsageQuery(length=MINUTE), PageRequest(size=199), 0
    while True:
        asked = page
        got = await opened.store.browse(lambda tx: tx.usage.page((ONE,), query, asked))  # noqa: B023
        found += sum(each.uses for each in got.items)
        if got.next is None:
            break
        page = replace(page, after=got.next)
    assert found == 4500
