"""Stories of settings: what was never set is as it begins, and a change is heard by everybody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from keystead.policy.organisation import DEFAULT, Organisation
from tests.store.conformance import Opened, story
from tests.store.records import NOON

if TYPE_CHECKING:
    from keystead.ports.store import Tx


async def change(opened: Opened, **wanted: object) -> Organisation:
    async def work(tx: Tx) -> Organisation:
        before = await tx.settings.organisation()
        after = replace(before, **wanted)  # type: ignore[arg-type]  # a setting's own value
        await tx.settings.save(before, after, "own_a", NOON)
        return after

    return await opened.store.act(work)


async def found(opened: Opened) -> Organisation:
    return await opened.store.read(lambda tx: tx.settings.organisation())


@story
async def nothing_is_kept_of_what_is_as_it_begins(opened: Opened) -> None:
    assert await found(opened) == DEFAULT
    assert opened.sql("SELECT name FROM settings") == []


@story
async def settings_are_changed_one_by_one_and_back(opened: Opened) -> None:
    odd = await change(opened, max_lifetime_days=30, allow_never=False, max_access_tokens=None)
    assert await found(opened) == odd != DEFAULT
    assert await change(opened, max_lifetime_days=None) == replace(odd, max_lifetime_days=None)
    assert await change(opened, allow_never=True, max_access_tokens=1000) == DEFAULT
    assert await found(opened) == DEFAULT


@story
async def a_change_of_settings_is_heard_and_none_is_silent(opened: Opened) -> None:
    ear = await opened.listen()
    await ear.news()
    await change(opened, require_networks=True)
    news = await ear.news()
    assert news is not None
    assert news.everything or ("settings", "") in news.named
    await change(opened, require_networks=True)
    assert await ear.news() is None


@story
async def changes_at_once_are_all_kept(opened: Opened) -> None:
    await asyncio.gather(
        change(opened, require_networks=True),
        change(opened, require_description=True),
        change(opened, max_networks=50),
    )
    wanted = replace(DEFAULT, require_networks=True, require_description=True, max_networks=50)
    assert await found(opened) == wanted
