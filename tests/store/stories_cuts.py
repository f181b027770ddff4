"""Stories of a chain that is cut: it begins there at once, and what was before goes a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keystead.audit.chain import Head, Place, SignedHead
from keystead.audit.cuts import CUT, facts_of
from keystead.ports.audit import AuditQuery, Moment
from tests.store.conformance import Opened, story
from tests.store.records import enter
from tests.store.stories_audit import at, numbers, plant

if TYPE_CHECKING:
    from keystead.ports.store import Tx


async def fill(opened: Opened, entries: int) -> None:
    async def work(tx: Tx) -> None:
        for _ in range(entries):
            await enter(tx)

    await opened.store.act(work)


async def cut(opened: Opened, n: int, *, fails: bool = False) -> None:
    async def work(tx: Tx) -> None:
        found = await tx.audit.digests([Place(0, n)])
        head = Head(0, n, found[Place(0, n)])
        await enter(tx, CUT, facts=facts_of(SignedHead(*head, 1, bytes(32)), 30))
        await tx.audit.cut(head)
        if fails:
            raise LookupError

    await opened.store.act(work)


async def left(opened: Opened, node: int = 0) -> list[int]:
    return numbers(
        await opened.store.read(lambda tx: tx.audit.onwards(AuditQuery(), Moment(0, node, 0), 100))
    )


async def forget(opened: Opened, size: int = 100) -> int:
    return await opened.store.act(lambda tx: tx.audit.forget(size))


@story
async def what_was_cut_off_goes_a_few_at_a_time_and_nothing_else(opened: Opened) -> None:
    await fill(opened, 7)
    plant(opened, 2, at(1), at(2))
    assert await forget(opened) == 0, "nothing was cut"
    await cut(opened, 5)
    assert opened.verify().begins == 6
    assert [await forget(opened, 2) for _ in range(2)] == [2, 2]
    assert await left(opened) == [5, 6, 7, 8]
    assert opened.verify().findings == ()
    assert [await forget(opened, 2) for _ in range(2)] == [1, 0]
    assert (await left(opened), await left(opened, 2)) == ([6, 7, 8], [1, 2])
    await fill(opened, 1)
    await cut(opened, 7)
    await forget(opened)
    assert await left(opened) == [8, 9, 10]
    report = opened.verify()
    assert (report.begins, report.entries, report.findings) == (8, 3, ())


@story
async def chains_say_where_they_begin(opened: Opened) -> None:
    await fill(opened, 3)
    (own,) = await opened.store.read(lambda tx: tx.audit.chains())
    assert (own.cut, own.before) == (None, 0)
    await cut(opened, 2)
    (own,) = await opened.store.read(lambda tx: tx.audit.chains())
    assert own.cut is not None
    ((digest,),) = opened.sql("SELECT digest FROM audit_entries WHERE n = 2")
    assert (own.cut[:3], own.before, own.end) == ((0, 2, digest), 2, 4)


@story
async def a_cut_that_fails_leaves_the_chain_whole(opened: Opened) -> None:
    await fill(opened, 3)
    with pytest.raises(LookupError):
        await cut(opened, 2, fails=True)
    assert await forget(opened) == 0
    assert await left(opened) == [1, 2, 3]
    assert opened.verify().begins == 1


@story
async def by_a_cut_that_nobody_signed_nothing_is_deleted(opened: Opened) -> None:
    await fill(opened, 5)
    # The signature of a head is true, and is none of a cut.
    opened.sql("INSERT INTO audit_cuts SELECT node, n, digest, key_n, mac FROM audit_heads")
    assert await forget(opened) == 0
    assert await left(opened) == [1, 2, 3, 4, 5]
    assert "is not signed" in opened.verify().findings[0].what
    opened.sql("DELETE FROM audit_cuts")


@story
async def a_look_that_only_reads_cuts_nothing(opened: Opened) -> None:
    with pytest.raises(RuntimeError):
        await opened.store.read(lambda tx: tx.audit.cut(Head(0, 1, bytes(32))))
