"""Stories of tokens that are good for a number of uses."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keystead.core.clock import HOUR, later
from tests.store.conformance import Opened, story
from tests.store.records import NOON, furnish, make_credential, make_secret

if TYPE_CHECKING:
    from keystead.credentials.record import Credential
    from keystead.ports.store import Tx

AT = later(NOON, 1)


async def kept(opened: Opened, **more: object) -> Credential:
    owner, _, _ = await opened.store.act(furnish)
    made = make_credential(owner.id, **more)
    await opened.store.act(lambda tx: tx.credentials.insert(made, make_secret()))
    return made


async def use(opened: Opened, credential: Credential) -> bool:
    return await opened.store.act(lambda tx: tx.credentials.use(credential.id, AT))


async def found(opened: Opened, credential: Credential) -> Credential:
    listed = await opened.store.read(lambda tx: tx.credentials.find(credential.id))
    assert listed is not None
    return listed.credential


@story
async def uses_are_counted_and_the_last_one_is_the_end(opened: Opened) -> None:
    made = await kept(opened, max_uses=2, expires_at=later(NOON, HOUR))
    ear = await opened.listen()
    assert await use(opened, made)
    assert await found(opened, made) == replace(made, uses=1)
    assert await ear.news() is None
    assert await use(opened, made)
    ended = await found(opened, made)
    assert ended == replace(made, uses=2, expires_at=AT, revision=made.revision + 1)
    news = await ear.news()
    assert news is not None
    assert news.named == (("credential", made.id),)
    assert not await use(opened, made)
    assert await found(opened, made) == ended


@story
async def uses_at_once_are_no_more_than_there_are(opened: Opened) -> None:
    made = await kept(opened, max_uses=5)
    did = await asyncio.gather(*(use(opened, made) for _ in range(20)))
    assert sorted(did) == [False] * 15 + [True] * 5


@story
async def what_is_off_revoked_ended_or_has_no_number_is_not_used(opened: Opened) -> None:
    for more in (
        {"disabled_at": NOON},
        {"revoked_at": NOON},
        {"expires_at": AT},
        {"max_uses": None},
    ):
        made = await kept(opened, **{"max_uses": 2, **more})
        assert not await use(opened, made)
        assert await found(opened, made) == made


@story
async def a_use_that_is_taken_back_was_none(opened: Opened) -> None:
    made = await kept(opened, max_uses=1)

    async def fail(tx: Tx) -> None:
        assert await tx.credentials.use(made.id, AT)
        raise ValueError("of no use")

    with pytest.raises(ValueError, match="of no use"):
        await opened.store.act(fail)
    assert await found(opened, made) == made
