"""Stories of the audit: looks through one chain and through all, bounded, in order, without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keystead.audit.chain import ENTRIES, Head, Place, SearchColumns, follow, genesis
from keystead.audit.entry import encode_entry
from keystead.core.actor import Actor
from keystead.core.clock import later
from keystead.ports.audit import NEWEST, AuditQuery, Moment
from keystead.store.rows.entries import FARTHEST
from tests.store.conformance import Opened, story
from tests.store.records import NOON, enter, make_event

if TYPE_CHECKING:
    from keystead.audit.event import Event
    from keystead.ports.audit import Part
    from keystead.ports.store import Tx

ADA = Actor("own_ada", "cred_1", "api_token")
ALL = AuditQuery()
COLUMNS = ("node", "n", "entry", "digest", *SearchColumns._fields)


def plant(opened: Opened, node: int, *events: Event) -> None:
    """Put another node's chain beside the store, as that node would have written it; without its head."""
    head: Head = genesis(node)
    for event in events:
        entry = encode_entry(node, head.n + 1, event)
        head = follow(head, entry)
        values = (node, head.n, entry, head.digest, *SearchColumns.of(event))
        marks = ", ".join("?" * len(values))
        names = ", ".join(COLUMNS)
        opened.sql(f"INSERT INTO audit_entries ({names}) VALUES ({marks})", *values)


def at(seconds: int, **more: Any) -> Event:  # noqa: ANN401
    return make_event(at=later(NOON, seconds * 1_000_000), **more)


def places(part: Part) -> list[Place]:
    return [Place(entry.node, entry.n) for entry in part.entries]


def numbers(part: Part) -> list[int]:
    return [entry.n for entry in part.entries]


@story
async def a_chain_is_looked_through_by_what_is_asked_for(opened: Opened) -> None:
    async def write(tx: Tx) -> None:
        await enter(tx, "secret.read", ADA)
        await enter(tx, "secret.read", at=later(NOON, 10), decision="refused", code="not_found")
        await enter(tx, "folder.create", ADA, at=later(NOON, 20))

    await opened.store.act(write)

    async def read(since: int = 0, size: int = 10, **query: Any) -> list[int]:  # noqa: ANN401
        asked = AuditQuery(**query)
        end = ENTRIES
        onwards = await opened.store.read(
            lambda tx: tx.audit.onwards(asked, Moment(0, 0, since), size)
        )
        back = await opened.store.read(
            lambda tx: tx.audit.backwards(asked, Moment(0, 0, end), size)
        )
        latest = await opened.store.read(lambda tx: tx.audit.latest(asked, NEWEST, size))
        found = numbers(onwards)
        if size == 10:
            assert onwards.is_last
            assert onwards.reached.n == 3, "the chain's end, whatever matched"
            assert [n for n in reversed(numbers(back)) if n > since] == found
            assert [n for n in reversed(numbers(latest)) if n > since] == found
        return found

    assert await read() == [1, 2, 3]
    assert await read(since=1) == [2, 3]
    assert await read(since=1, size=1) == [2]
    assert await read(verb="secret.read") == [1, 2]
    assert await read(owner_id="own_ada", credential_id="cred_1") == [1, 3]
    assert await read(credential_id="cred_1", verb="secret.read") == [1]
    assert await read(decision="refused") == [2]
    assert await read(after=later(NOON, 10)) == [2, 3], "its own instant is inside"
    assert await read(before=later(NOON, 20)) == [1, 2], "its own instant is outside"
    assert await read(after=later(NOON, 10), before=later(NOON, 20), verb="secret.read") == [2]
    assert await read(object_id="") == [1, 2, 3]
    assert await read(object_id="acct_1") == []


@story
async def all_chains_are_one_list_in_the_order_of_time(opened: Opened) -> None:
    plant(opened, 2, at(10), at(30), at(30))
    plant(opened, 7, at(20), at(40, actor=ADA))

    async def write(tx: Tx) -> None:
        for seconds in (30, 5, 60):
            await enter(tx, at=later(NOON, seconds * 1_000_000))

    await opened.store.act(write)

    async def latest(from_: Moment = NEWEST, size: int = 10, **query: Any) -> Part:  # noqa: ANN401
        asked = AuditQuery(**query)
        return await opened.store.read(lambda tx: tx.audit.latest(asked, from_, size))

    whole = await latest()
    assert places(whole) == [(0, 3), (7, 2), (2, 3), (2, 2), (0, 1), (7, 1), (2, 1), (0, 2)]
    assert whole.is_last
    first = await latest(size=3)
    assert (places(first), first.is_last) == (places(whole)[:3], False)
    assert places(await latest(first.reached)) == places(whole)[3:], "an instant that several share"
    assert places(await latest(node=2)) == [(2, 3), (2, 2), (2, 1)]
    assert places(await latest(credential_id="cred_1")) == [(7, 2)]
    seconds = 1_000_000
    bounded = await latest(after=later(NOON, 10 * seconds), before=later(NOON, 30 * seconds))
    assert places(bounded) == [(7, 1), (2, 1)]


@story
async def every_chain_is_known_by_its_entries_or_its_head(opened: Opened) -> None:
    own = await opened.store.read(lambda tx: tx.audit.chains())
    assert [(chain.node, chain.last, chain.end) for chain in own] == [(0, 0, 0)]
    await opened.store.act(enter)
    plant(opened, 2, at(10), at(20))
    opened.sql("INSERT INTO audit_heads SELECT 9, n, digest, key_n, mac FROM audit_heads")
    found = await opened.store.read(lambda tx: tx.audit.chains())
    assert [(chain.node, chain.last, chain.end) for chain in found] == [
        (0, 1, 1),
        (2, 2, 2),
        (9, 0, 1),
    ]
    assert [chain.head is None for chain in found] == [False, True, False]
    opened.sql("DELETE FROM audit_heads WHERE node = 9")


@story
async def a_look_goes_only_so_far_and_says_where_it_stopped(opened: Opened) -> None:
    async def write(tx: Tx) -> None:
        for i in range(FARTHEST + 500):
            await enter(tx, "rare.act" if i in {5, FARTHEST + 99} else "common.act", ADA)

    await opened.store.act(write)
    rare = AuditQuery(verb="rare.act")
    first = await opened.store.read(lambda tx: tx.audit.onwards(rare, Moment(0, 0, 0), 10))
    assert (numbers(first), first.reached.n, first.is_last) == ([6], FARTHEST, False)
    second = await opened.store.read(lambda tx: tx.audit.onwards(rare, first.reached, 10))
    assert (numbers(second), second.reached.n) == ([FARTHEST + 100], FARTHEST + 500)
    assert second.is_last
    for asked in (rare, AuditQuery(verb="rare.act", credential_id="cred_1")):

        async def back(before: int, asked: AuditQuery = asked) -> Part:
            return await opened.store.read(
                lambda tx: tx.audit.backwards(asked, Moment(0, 0, before), 10)
            )

        last = await back(ENTRIES)
        assert (numbers(last), last.reached.n, last.is_last) == ([FARTHEST + 100], 501, False)
        rest = await back(501)
        assert (numbers(rest), rest.is_last) == ([6], True)
    latest = await opened.store.read(lambda tx: tx.audit.latest(rare, NEWEST, 10))
    assert (numbers(latest), latest.reached) == ([FARTHEST + 100], Moment(NOON, 0, 501))
    rest = await opened.store.read(lambda tx: tx.audit.latest(rare, latest.reached, 10))
    assert (numbers(rest), rest.is_last) == ([6], True)


@story
async def digests_are_found_by_place(opened: Opened) -> None:
    await opened.store.act(enter)
    plant(opened, 2, at(10))
    ((kept, digest),) = opened.sql("SELECT n, digest FROM audit_entries WHERE node = 2")
    asked = {Place(2, kept), Place(2, 9), Place(5, 1)}
    found = await opened.store.read(lambda tx: tx.audit.digests(asked))
    assert found == {Place(2, 1): digest}


@story
async def an_object_with_others_names_is_not_found_by_a_part_of_its_id(opened: Opened) -> None:
    plant(opened, 2, at(1, object_id="acct_1"), at(2, object_id="acct_10"))
    plant(opened, 3, at(3, object_id="acct_1"))
    one = AuditQuery(object_id="acct_1")
    found = await opened.store.read(lambda tx: tx.audit.onwards(one, Moment(0, 2, 0), 10))
    assert (numbers(found), found.reached.n) == ([1], 2)
    none = await opened.store.read(lambda tx: tx.audit.backwards(one, Moment(0, 4, ENTRIES), 10))
    assert (numbers(none), none.is_last) == ([], True)
