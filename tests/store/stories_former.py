"""Stories of keys that are found under a former id too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keystead.core.clock import HOUR, later
from keystead.core.errors import Conflict
from keystead.policy.networks import parse_network
from keystead.policy.scopes import Access
from tests.store.conformance import Opened, story
from tests.store.records import NOON, furnish, make_credential, make_secret

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential, StoredSecret
    from keystead.ports.credentials import Known
    from keystead.ports.store import Tx

END = later(NOON, HOUR)
AT = later(NOON, 1)


async def refreshed(
    opened: Opened, *, ends_older: bool = False
) -> tuple[Credential, StoredSecret, Credential]:
    """Put a key under a new id; return what it was, its secret, and what it is."""
    owner, _, _ = await opened.store.act(furnish)
    old, secret = make_credential(owner.id, kind="api_key"), make_secret()
    fresh = make_credential(
        owner.id, kind="api_key", name=old.name, former_id=old.id, former_ends_at=END
    )
    await opened.store.act(lambda tx: tx.credentials.insert(old, secret))

    async def replace_it(tx: Tx) -> None:
        assert await tx.credentials.set_aside(old.id, NOON)
        assert not await tx.credentials.set_aside(old.id, NOON)
        await tx.credentials.insert(fresh, make_secret(ends_older=ends_older))

    await opened.store.act(replace_it)
    return old, secret, fresh


async def former(opened: Opened, old: Credential, secret: StoredSecret) -> Known:
    candidates = [(secret.pepper_n, secret.digest)]
    known = await opened.store.read(lambda tx: tx.credentials.find_presented(candidates, old.id12))
    assert known is not None
    return known


@story
async def a_former_id_is_recognised_until_its_end_and_found_by_it_alone(opened: Opened) -> None:
    old, secret, fresh = await refreshed(opened)
    known = await former(opened, old, secret)
    assert (known.credential.id, known.credential.name) == (old.id, fresh.name)
    assert (known.credential.expires_at, known.secret.retires_at) == (END, END)
    assert known.credential.revoked_at is None
    assert await opened.store.read(lambda tx: tx.credentials.find(old.id)) is None
    successor = await opened.store.act(lambda tx: tx.credentials.find_successor(old.id))
    assert successor is not None
    assert successor.credential == fresh
    living = await opened.store.read(lambda tx: tx.credentials.find_successor_id(old.id))
    assert living == fresh.id
    assert await opened.store.read(lambda tx: tx.credentials.find_successor_id(fresh.id)) is None
    assert await opened.store.act(lambda tx: tx.credentials.find_successor(fresh.id)) is None
    again = make_credential(old.owner_id, kind="api_key", name=old.name)
    with pytest.raises(Conflict):
        await opened.store.act(lambda tx: tx.credentials.insert(again, make_secret()))


@story
async def a_former_id_is_what_its_key_is_made(opened: Opened) -> None:
    old, secret, fresh = await refreshed(opened)
    news = await opened.listen()
    changed = replace(
        fresh,
        access=(Access("keystead", ("folders:list",), {}),),
        networks=(parse_network("10.0.0.1"),),
        not_before=later(NOON, 3),
        disabled_at=later(NOON, 4),
        expires_at=later(NOON, 5),
        modified_at=AT,
        revision=2,
    )
    assert await opened.store.act(lambda tx: tx.credentials.save(changed, 1))
    known = (await former(opened, old, secret)).credential
    assert known == replace(
        known,
        access=changed.access,
        networks=changed.networks,
        not_before=changed.not_before,
        disabled_at=changed.disabled_at,
        expires_at=changed.expires_at,
    )
    heard = await news.news()
    assert heard is not None
    assert heard.everything or {("credential", old.id), ("credential", fresh.id)} <= set(
        heard.named
    )

    endless = replace(changed, expires_at=None, disabled_at=None, revoked_at=AT, revision=3)
    assert await opened.store.act(lambda tx: tx.credentials.save(endless, 2))
    known = (await former(opened, old, secret)).credential
    assert (known.expires_at, known.disabled_at, known.revoked_at) == (END, None, AT)


@story
async def a_former_id_is_revoked_with_what_is_buried(opened: Opened) -> None:
    old, secret, fresh = await refreshed(opened)
    news = await opened.listen()
    assert await opened.store.act(lambda tx: tx.credentials.bury(fresh.id, AT))
    assert (await former(opened, old, secret)).credential.revoked_at == AT
    heard = await news.news()
    assert heard is not None
    assert heard.everything or {("credential", old.id), ("credential", fresh.id)} <= set(
        heard.named
    )
    assert await opened.store.act(lambda tx: tx.credentials.find_successor(old.id)) is None


@story
async def a_first_use_ends_a_former_id(opened: Opened) -> None:
    old, secret, fresh = await refreshed(opened, ends_older=True)
    news = await opened.listen()
    assert await opened.store.act(lambda tx: tx.credentials.end_older(fresh.id, 1, AT))
    assert not await opened.store.act(
        lambda tx: tx.credentials.end_older(fresh.id, 1, later(AT, 1))
    )
    known = await former(opened, old, secret)
    assert (known.credential.expires_at, known.secret.retires_at) == (AT, AT)
    heard = await news.news()
    assert heard is not None
    assert heard.everything or ("credential", old.id) in heard.named
    found = await opened.store.read(lambda tx: tx.credentials.find(fresh.id))
    assert found is not None
    assert found.credential.former_ends_at == AT


@story
async def a_secret_that_ends_no_older_ones_leaves_a_former_id(opened: Opened) -> None:
    old, secret, fresh = await refreshed(opened)
    assert not await opened.store.act(lambda tx: tx.credentials.end_older(fresh.id, 1, AT))
    assert (await former(opened, old, secret)).credential.expires_at == END


@story
async def a_pepper_is_needed_as_long_as_a_former_id_is_good(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    old, secret = make_credential(owner.id, kind="api_key"), make_secret(pepper_n=77)
    fresh = make_credential(owner.id, kind="api_key", former_id=old.id, former_ends_at=END)

    async def put(tx: Tx) -> None:
        await tx.credentials.insert(old, secret)
        await tx.credentials.set_aside(old.id, NOON)
        await tx.credentials.insert(fresh, make_secret())

    await opened.store.act(put)

    async def is_needed(at: Instant) -> bool:
        return await opened.store.read(lambda tx: tx.keyring.finds_any(77, at))

    assert [await is_needed(at) for at in (later(END, -1), END)] == [True, False]
    await opened.store.act(lambda tx: tx.credentials.bury(fresh.id, AT))
    assert not await is_needed(AT)
