"""Stories of access tokens: found by their whole text, ended with or before their parent, and forgotten."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keystead.core.clock import HOUR, MINUTE, later
from keystead.core.ids import new_id
from keystead.credentials.access_token import AccessToken
from keystead.owners.owner import Owner
from keystead.ports.credentials import Known
from keystead.ports.mints import Capped
from tests.store.conformance import Opened, story
from tests.store.records import NOON, make_credential, make_owner, make_secret

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential

GRANTS = {"https://orders.example.com": ("orders:read", "orders:write")}
END = later(NOON, HOUR)


def make_token(parent_id: str, **more: Any) -> AccessToken:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "id": new_id("cred"), "parent_id": parent_id, "secret_n": 1, "grants": GRANTS, "pepper_n": 1,
        "digest": os.urandom(32), "created_at": NOON, "expires_at": END,
    }  # fmt: skip
    return AccessToken(**{**wanted, **more})


async def parent_in(opened: Opened, **more: Any) -> tuple[Owner, Credential]:  # noqa: ANN401
    owner = make_owner()
    parent = make_credential(owner.id, kind="oauth_client", **more)
    await opened.store.act(lambda tx: tx.owners.insert(owner, None))
    await opened.store.act(lambda tx: tx.credentials.insert(parent, make_secret()))
    return owner, parent


async def minted(opened: Opened, parent: Credential, **more: Any) -> AccessToken:  # noqa: ANN401
    token = make_token(parent.id, **more)
    n = await opened.store.act(lambda tx: tx.access_tokens.insert(token))
    return replace(token, n=n)


async def presented(opened: Opened, token: AccessToken) -> Known | None:
    candidates = [(token.pepper_n + 7, token.digest), (token.pepper_n, token.digest)]
    return await opened.store.read(lambda tx: tx.access_tokens.find_presented(candidates))


async def live(opened: Opened, *tokens: AccessToken) -> list[bool]:
    found = [await presented(opened, token) for token in tokens]
    return [known is not None and known.credential.revoked_at is None for known in found]


@story
async def an_access_token_is_found_with_its_parent_and_their_owner(opened: Opened) -> None:
    owner, parent = await parent_in(opened, expires_at=later(NOON, MINUTE), metadata={"a": "b"})
    other = await minted(opened, parent)
    token = await minted(opened, parent)
    known = await presented(opened, token)
    assert known is not None
    assert (known.minted, known.owner, known.used) == (token, owner, (parent.id, 1))
    assert known.parent == replace(parent, metadata={})
    credential = known.credential
    assert (credential.id, credential.kind, credential.type) == (token.id, "access_token", "static")
    assert credential.expires_at == parent.expires_at, "its parent's, which comes first"
    assert (credential.access, credential.networks, credential.metadata) == (parent.access, (), {})
    assert known.secret.digest == token.digest
    assert await presented(opened, replace(token, pepper_n=2)) is None
    assert await presented(opened, make_token(parent.id)) is None
    assert known != await presented(opened, other)


@story
async def tokens_are_numbered_for_each_parent(opened: Opened) -> None:
    _, first = await parent_in(opened)
    _, second = await parent_in(opened)
    assert [(await minted(opened, first)).n for _ in range(3)] == [1, 2, 3]
    assert (await minted(opened, second)).n == 1
    assert (await minted(opened, first, n=99)).n == 4, "whatever its own number says"


@story
async def what_is_minted_is_taken_back_with_its_act(opened: Opened) -> None:
    _, parent = await parent_in(opened)
    token = make_token(parent.id)
    with contextlib.suppress(ZeroDivisionError):
        await opened.store.act(lambda tx: _insert_and_fail(tx.access_tokens.insert(token)))
    assert await presented(opened, token) is None
    assert (await minted(opened, parent)).n == 1


async def _insert_and_fail(insertion: Any) -> None:  # noqa: ANN401
    await insertion
    raise ZeroDivisionError


@story
async def one_is_revoked_and_the_others_live(opened: Opened) -> None:
    _, parent = await parent_in(opened)
    first, second = await minted(opened, parent), await minted(opened, parent)
    feed = await opened.listen()
    assert await opened.store.act(lambda tx: tx.access_tokens.revoke(first, NOON))
    assert await live(opened, first, second) == [False, True]
    news = await feed.news()
    assert news is not None
    assert news.named == (("credential", first.id),)
    assert not await opened.store.act(lambda tx: tx.access_tokens.revoke(first, END))
    moved = replace(second, digest=first.digest)
    assert not await opened.store.act(lambda tx: tx.access_tokens.revoke(moved, NOON))
    assert await live(opened, second) == [True]


@story
async def the_oldest_end_first_and_each_once(opened: Opened) -> None:
    _, parent = await parent_in(opened)
    _, other = await parent_in(opened)
    tokens = [await minted(opened, parent) for _ in range(5)]
    bystander = await minted(opened, other)
    feed = await opened.listen()

    async def end_beyond(most: int, at: Instant = NOON) -> int:
        return await opened.store.act(
            lambda tx: tx.access_tokens.end_beyond((parent.id,), most, at)
        )

    assert await end_beyond(5) == 0
    assert await feed.news() is None, "nothing ended"
    assert await end_beyond(4) == 1
    news = await feed.news()
    assert news is not None
    assert news.named == (("credential", tokens[0].id),)
    assert await end_beyond(2) == 2
    assert await live(opened, *tokens, bystander) == [False] * 3 + [True] * 3
    news = await feed.news()
    assert news is not None
    assert news.named == (("credential", parent.id),), "of many the parent is named"
    assert await end_beyond(0, END) == 0, "they had ended by themselves"
    assert (await minted(opened, parent)).n == 6


@story
async def of_a_parent_with_two_ids_the_oldest_end_first(opened: Opened) -> None:
    _, parent = await parent_in(opened)
    _, former = await parent_in(opened)
    _, other = await parent_in(opened)
    by_turns = [parent, former, former, parent, former, parent]
    tokens = [await minted(opened, each) for each in by_turns]
    bystander = await minted(opened, other)
    feed = await opened.listen()

    async def end_beyond(most: int, at: Instant = NOON) -> int:
        ids = parent.id, former.id
        return await opened.store.act(lambda tx: tx.access_tokens.end_beyond(ids, most, at))

    assert [await end_beyond(6), await end_beyond(5)] == [0, 1]
    news = await feed.news()
    assert news is not None
    assert news.named == (("credential", tokens[0].id),)
    assert await end_beyond(2) == 3
    assert await live(opened, *tokens, bystander) == [False] * 4 + [True] * 3
    news = await feed.news()
    assert news is not None
    assert set(news.named) == {("credential", parent.id), ("credential", former.id)}
    assert await end_beyond(0, END) == 0


@story
async def tokens_of_older_secrets_are_ended_alone(opened: Opened) -> None:
    _, parent = await parent_in(opened)
    tokens = [await minted(opened, parent, secret_n=n) for n in (0, 1, 2, 3)]
    ended = await opened.store.act(lambda tx: tx.access_tokens.end_of_secret(parent.id, 2, NOON))
    assert ended == 3
    assert await live(opened, *tokens) == [False, False, False, True]


@story
async def what_has_ended_by_itself_takes_nobody_s_place(opened: Opened) -> None:
    _, parent = await parent_in(opened)
    lasting = await minted(opened, parent, expires_at=later(NOON, HOUR))
    for n in range(4):
        await minted(opened, parent, expires_at=later(NOON, n + 1))
    at = later(NOON, MINUTE)
    fresh = [await minted(opened, parent, expires_at=later(at, HOUR)) for _ in range(2)]

    async def end_beyond(most: int) -> int:
        return await opened.store.act(
            lambda tx: tx.access_tokens.end_beyond((parent.id,), most, at)
        )

    assert [await end_beyond(3), await end_beyond(2)] == [0, 1]
    assert await live(opened, lasting, *fresh) == [False, True, True]


@story
async def bounded_mints_are_noted_whatever_becomes_of_the_tokens(opened: Opened) -> None:
    async def pace(n: int, of: str = "cred_a", after: Instant = NOON) -> None:
        await opened.store.act(
            lambda tx: tx.mints.pace(of, f"cred_t{n}", later(NOON, n), later(after, -1))
        )

    async def paced_at(back: int, after: Instant = NOON, *more: str) -> Instant | None:
        return await opened.store.read(
            lambda tx: tx.mints.paced_at(("cred_a", *more), back, later(after, -1))
        )

    assert await paced_at(0) is None
    for n in range(3):
        await pace(n)
    await pace(9, "cred_b")
    assert [await paced_at(back) for back in range(4)] == [
        later(NOON, 2), later(NOON, 1), NOON, None
    ]  # fmt: skip
    assert await paced_at(1, later(NOON, 2)) is None
    assert [await paced_at(back, NOON, "cred_b") for back in range(5)] == [
        later(NOON, 9), later(NOON, 2), later(NOON, 1), NOON, None
    ]  # fmt: skip
    await pace(3, after=later(NOON, 2))
    assert opened.sql("SELECT count(*) FROM paced_mints") == [(3,)], "old ones are gone"
    counts = [
        await opened.store.act(lambda tx: tx.mints.forget(later(NOON, 3), 1)) for _ in range(3)
    ]
    assert counts == [1, 1, 0]


@story
async def who_asks_too_often_is_told_until_he_has_not_for_long(opened: Opened) -> None:
    owner, parent = await parent_in(opened)
    other_owner, other = await parent_in(opened)

    async def cap(credential_id: str, ended: int, at: Instant, after: Instant) -> None:
        await opened.store.act(lambda tx: tx.mints.cap(credential_id, ended, at, after))

    async def capped(visible: set[str] | None, after: Instant, size: int = 9) -> list[Capped]:
        seen = None if visible is None else frozenset(visible)
        return list(await opened.store.browse(lambda tx: tx.mints.capped(seen, after, size)))

    before = later(NOON, -HOUR)
    await cap(parent.id, 2, NOON, before)
    await cap(parent.id, 3, later(NOON, 1), before)
    await cap(other.id, 4, later(NOON, 2), before)
    worst = Capped(parent.id, parent.kind, parent.name, 5, NOON, later(NOON, 1))
    second = Capped(other.id, other.kind, other.name, 4, later(NOON, 2), later(NOON, 2))
    assert await capped(None, before) == [worst, second]
    assert await capped(None, before, 1) == [worst]
    assert await capped({other_owner.id}, before) == [second]
    assert await capped(set(), before) == []
    assert await capped({owner.id}, later(NOON, 1)) == []
    await cap(parent.id, 1, END, later(NOON, 1))
    assert [(each.ended, each.since) for each in await capped({owner.id}, NOON)] == [(1, END)]
    await opened.store.act(lambda tx: tx.credentials.bury(other.id, END))
    assert await capped({other_owner.id}, before) == []


@story
async def tokens_that_have_ended_are_deleted_in_batches(opened: Opened) -> None:
    _, parent = await parent_in(opened)
    ended = [await minted(opened, parent, expires_at=later(NOON, n)) for n in range(5)]
    lives = await minted(opened, parent)
    until = later(NOON, 4)
    counts = [
        await opened.store.act(lambda tx: tx.access_tokens.forget(until, 2)) for _ in range(4)
    ]
    assert counts == [2, 2, 1, 0], "an end is exclusive"
    assert [await presented(opened, token) for token in ended] == [None] * 5
    assert await live(opened, lives) == [True]
    # Of the one that lives, and not anew.
    assert (await minted(opened, parent)).n == lives.n + 1


@story
async def an_assertion_is_spent_once_until_its_end(opened: Opened) -> None:
    async def spend(client: str, digest: bytes, at: Instant = NOON) -> bool:
        return await opened.store.act(
            lambda tx: tx.assertions.spend(client, digest, at, later(at, MINUTE))
        )

    assert await spend("cred_a", b"one")
    assert not await spend("cred_a", b"one")
    assert await spend("cred_b", b"one"), "another client's has the same name"
    assert await spend("cred_a", b"two")
    assert not await spend("cred_a", b"one", later(NOON, MINUTE - 1))
    assert await spend("cred_a", b"one", later(NOON, MINUTE))

    counts = [
        await opened.store.act(lambda tx: tx.assertions.forget(later(NOON, MINUTE), 1))
        for _ in range(3)
    ]
    assert counts == [1, 1, 0]
    assert opened.sql("SELECT credential_id FROM spent_assertions") == [("cred_a",)]
