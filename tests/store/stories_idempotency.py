"""Stories of kept answers: a key is taken once, until its end, by an act that comes to something."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from keystead.core.clock import MINUTE, later
from keystead.core.errors import Conflict
from keystead.ports.idempotency import SealedAnswer
from tests.store.conformance import Opened, story
from tests.store.records import NOON

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.ports.store import Tx

END = later(NOON, MINUTE)


async def take(opened: Opened, key: str, sealed: bytes, at: Instant = NOON) -> bytes | None:
    """Claim a key and lay this answer under it; return what was there where it is taken."""

    async def work(tx: Tx) -> bytes | None:
        if await tx.idempotency.claim("cred_a", key, at, later(at, MINUTE)):
            await tx.idempotency.keep("cred_a", key, sealed)
            return None
        found = await tx.idempotency.find("cred_a", key, at)
        return None if found is None else found.sealed

    return await opened.store.act(work)


def rows(opened: Opened) -> list[tuple[Any, ...]]:
    return opened.sql("SELECT credential_id, request_key FROM kept_answers ORDER BY request_key")


@story
async def a_key_is_taken_once(opened: Opened) -> None:
    assert await take(opened, "k", b"first") is None
    assert await take(opened, "k", b"second") == b"first"
    assert await take(opened, "K", b"other") is None, "a key is what it is, to the letter"
    found = await opened.store.read(lambda tx: tx.idempotency.find("cred_a", "k", NOON))
    assert found == SealedAnswer(b"first", END)
    assert await opened.store.read(lambda tx: tx.idempotency.find("cred_b", "k", NOON)) is None


@story
async def of_many_acts_at_once_one_takes_the_key(opened: Opened) -> None:
    found = await asyncio.gather(*(take(opened, "k", b"%d" % n) for n in range(50)))
    (first,) = {each for each in found if each is not None}
    assert found[int(first)] is None
    assert found.count(None) == 1


@story
async def what_is_taken_back_leaves_the_key_free(opened: Opened) -> None:
    async def refused(tx: Tx) -> None:
        assert await tx.idempotency.claim("cred_a", "k", NOON, END)
        raise Conflict("wrong_state", "a decided no")

    with pytest.raises(Conflict):
        await opened.store.act(refused)
    assert rows(opened) == []
    assert await take(opened, "k", b"then") is None


@story
async def an_end_is_exclusive_whether_it_was_deleted_or_not(opened: Opened) -> None:
    await take(opened, "k", b"first")
    before = later(END, -1)
    assert await take(opened, "k", b"second", before) == b"first"
    assert await opened.store.read(lambda tx: tx.idempotency.find("cred_a", "k", END)) is None
    assert await take(opened, "k", b"second", END) is None
    found = await opened.store.read(lambda tx: tx.idempotency.find("cred_a", "k", END))
    assert found == SealedAnswer(b"second", later(END, MINUTE))


@story
async def what_has_ended_is_deleted_in_batches(opened: Opened) -> None:
    for n in range(5):
        await take(opened, f"ended {n}", b"x")
    await take(opened, "lives", b"x", later(NOON, 1))
    counts = [await opened.store.act(lambda tx: tx.idempotency.forget(END, 2)) for _ in range(4)]
    assert counts == [2, 2, 1, 0]
    assert rows(opened) == [("cred_a", "lives")]
