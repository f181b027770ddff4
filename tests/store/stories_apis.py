"""Stories of APIs: kept whole, named once for ever, and whoever has access to them found."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keystead.core.clock import later
from keystead.core.errors import Conflict
from keystead.policy.catalogue.catalogue import Action, Group, Resource
from keystead.policy.scopes import Access
from keystead.ports.apis import Holder
from keystead.ports.freshness import News
from tests.store.conformance import Opened, story
from tests.store.records import (
    NOON,
    adding_api,
    adding_owner,
    adding_token,
    make_api,
    make_credential,
    make_owner,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from keystead.credentials.record import Credential
    from keystead.policy.catalogue.catalogue import API
    from keystead.ports.store import Tx


async def all_of(opened: Opened) -> Sequence[API]:
    return await opened.store.read(lambda tx: tx.apis.all())


async def found(opened: Opened, api_id: str) -> API | None:
    return await opened.store.read(lambda tx: tx.apis.find(api_id))


def saving(api: API, was: int) -> Callable[[Tx], Awaitable[bool]]:
    return lambda tx: tx.apis.save(api, was)


def burying(api: API) -> Callable[[Tx], Awaitable[bool]]:
    return lambda tx: tx.apis.bury(api, NOON)


async def credential_on(opened: Opened, *apis: API, **more: object) -> Credential:
    owner = make_owner()
    await opened.store.act(adding_owner(owner))
    access = tuple(Access(api.identifier, ("scan:read",)) for api in apis)
    credential = make_credential(owner.id, access=access, **more)
    await opened.store.act(adding_token(credential))
    return credential


@story
async def an_api_comes_back_as_it_was_kept(opened: Opened) -> None:
    groups = (
        Group(
            "g",
            (
                Resource("a.b", (Action("read", "Lesen", 'zeigt "es" — ß'), Action("write")), "A"),
                Resource("c", (Action("x"),), "", "d"),
            ),
            "Gruppe",
        ),
    )
    api = make_api(
        groups=groups, verifiers=frozenset({"own_a", "own_b"}), token_format="jwt",
        algorithm="EdDSA", token_seconds=60, offline_networks="accepted",
        description="line\nline", revision=3, modified_at=later(NOON, 5),
    )  # fmt: skip
    bare = make_api(name="aaa", groups=())
    await opened.store.act(adding_api(api))
    await opened.store.act(adding_api(bare))
    assert await found(opened, api.id) == api
    assert await found(opened, "api_none") is None
    assert list(await all_of(opened)) == sorted([api, bare], key=lambda each: each.name)


@story
async def an_identifier_is_one_api_s_whatever_its_case(opened: Opened) -> None:
    await opened.store.act(adding_api(make_api(identifier="https://a.example/Orders")))
    for taken in ("https://a.example/Orders", "HTTPS://A.example/orders"):
        with pytest.raises(Conflict) as caught:
            await opened.store.act(adding_api(make_api(identifier=taken)))
        assert caught.value.code == "name_taken"
    assert len(await all_of(opened)) == 1


@story
async def an_api_is_saved_at_its_revision_alone(opened: Opened) -> None:
    api = make_api(verifiers=frozenset({"own_a"}))
    await opened.store.act(adding_api(api))
    after = replace(api, name="after", verifiers=frozenset({"own_b"}), groups=(), revision=2)
    assert await opened.store.act(saving(after, 1))
    late = replace(api, name="late", verifiers=frozenset(), revision=2)
    assert not await opened.store.act(saving(late, 1))
    assert await found(opened, api.id) == after
    assert not await opened.store.act(burying(api))
    assert await found(opened, api.id) == after


@story
async def of_two_editors_at_once_one_is_told(opened: Opened) -> None:
    api = make_api()
    await opened.store.act(adding_api(api))
    wished = [replace(api, name=f"name {n}", revision=2) for n in range(8)]
    saved = await asyncio.gather(*(opened.store.act(saving(each, 1)) for each in wished))
    assert sorted(saved) == [False] * 7 + [True]
    assert await found(opened, api.id) == wished[saved.index(True)]


@story
async def an_api_that_nobody_had_access_to_frees_its_identifier(opened: Opened) -> None:
    api = make_api(verifiers=frozenset({"own_a"}))
    await opened.store.act(adding_api(api))
    assert await opened.store.act(burying(api))
    assert await found(opened, api.id) is None
    again = make_api(identifier=api.identifier)
    await opened.store.act(adding_api(again))
    assert list(await all_of(opened)) == [again], "with no verifier of the other's"


@story
async def an_api_that_somebody_had_access_to_keeps_its_identifier(opened: Opened) -> None:
    api, other = make_api(), make_api()
    for each in (api, other):
        await opened.store.act(adding_api(each))
    credential = await credential_on(opened, api)
    without = replace(credential, access=(Access(other.identifier, ("scan:read",)),), revision=2)
    assert await opened.store.act(lambda tx: tx.credentials.save(without, 1))
    assert await opened.store.act(lambda tx: tx.credentials.bury(credential.id, NOON))
    for each in (api, other):
        assert await opened.store.act(burying(each))
        assert not await opened.store.act(burying(each))
        assert await found(opened, each.id) is None
        with pytest.raises(Conflict):
            await opened.store.act(adding_api(make_api(identifier=each.identifier)))
    assert list(await all_of(opened)) == []


@story
async def a_credential_is_given_no_access_to_an_api_that_is_gone(opened: Opened) -> None:
    gone, buried = make_api(), make_api()
    await opened.store.act(adding_api(buried))
    credential = await credential_on(opened, buried)
    assert await opened.store.act(burying(buried))
    described = replace(credential, description="goes on", revision=2)
    assert await opened.store.act(lambda tx: tx.credentials.save(described, 1))
    with pytest.raises(Conflict) as caught:
        await credential_on(opened, gone)
    assert caught.value.code == "wrong_state"
    wider = replace(described, access=(Access(gone.identifier, ("scan:read",)),), revision=3)
    with pytest.raises(Conflict):
        await opened.store.act(lambda tx: tx.credentials.save(wider, 2))


@story
async def of_an_access_and_a_deletion_at_once_none_is_unseen(opened: Opened) -> None:
    owner = make_owner()
    await opened.store.act(adding_owner(owner))
    for _ in range(10):
        api = make_api()
        await opened.store.act(adding_api(api))
        given = make_credential(owner.id, access=(Access(api.identifier, ("scan:read",)),))
        outcomes = await asyncio.gather(
            opened.store.act(adding_token(given)),
            opened.store.act(burying(api)),
            return_exceptions=True,
        )
        assert outcomes[1] is True
        again = opened.store.act(adding_api(make_api(identifier=api.identifier)))
        if outcomes[0] is None:
            with pytest.raises(Conflict):
                await again
        else:
            assert isinstance(outcomes[0], Conflict)
            await again


@story
async def holders_are_found_in_the_order_of_their_ids(opened: Opened) -> None:
    api, other = make_api(), make_api()
    for each in (api, other):
        await opened.store.act(adding_api(each))
    made = [await credential_on(opened, api, other) for _ in range(5)]
    alone = await credential_on(opened, other)
    await opened.store.act(lambda tx: tx.credentials.bury(made[0].id, NOON))
    revoked = replace(made[1], revoked_at=NOON, revision=2)
    assert await opened.store.act(lambda tx: tx.credentials.save(revoked, 1))
    narrowed = replace(made[2], access=(Access(other.identifier, ("scan:read",)),), revision=2)
    assert await opened.store.act(lambda tx: tx.credentials.save(narrowed, 1))

    async def holders(api: API, after: str = "", size: int = 100) -> list[Holder]:
        return [*await opened.store.read(lambda tx: tx.apis.holders(api.identifier, after, size))]

    living = sorted([narrowed, *made[3:]], key=lambda each: each.id)
    wanted = [Holder(c.id, c.name, c.kind, c.owner_id, c.access) for c in living]
    assert await holders(api) == wanted
    assert await holders(api, size=2) == wanted[:2]
    assert await holders(api, wanted[1].credential_id, 2) == wanted[2:]
    assert {each.credential_id for each in await holders(other)} == {
        alone.id,
        *(each.id for each in living),
    }
    assert await holders(make_api()) == []


@story
async def every_change_of_an_api_is_heard(opened: Opened) -> None:
    feed = await opened.listen()
    await feed.news()
    api = make_api()
    news = News(everything=False, named=(("apis", api.id),))
    await opened.store.act(adding_api(api))
    assert await feed.news() == news
    after = replace(api, groups=(), revision=2)
    await opened.store.act(saving(after, 1))
    assert await feed.news() == news
    await opened.store.act(burying(after))
    assert await feed.news() == news
