"""Stories of signing keys: one first key, one successor each, and nothing left of those that have ended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from keystead.core.clock import DAY, HOUR, MINUTE, Instant, later
from keystead.credentials.signing_key import SigningKey, newest_of, signer_at
from tests.store.conformance import Opened, story
from tests.store.records import NOON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.crypto.jose.signing import Algorithm

END = later(NOON, DAY)


def key(
    kid: str, signs_from: Instant = NOON, algorithm: Algorithm = "ES256", at: Instant = NOON
) -> SigningKey:
    return SigningKey(
        kid=kid,
        algorithm=algorithm,
        public_jwk=f'{{"kid":"{kid}"}}',
        sealed=kid.encode(),
        created_at=at,
        signs_from=signs_from,
    )


async def add(opened: Opened, first: SigningKey) -> bool:
    return await opened.store.act(lambda tx: tx.signing_keys.insert_first(first))


async def succeed(opened: Opened, old: SigningKey, new: SigningKey, end: Instant = END) -> bool:
    return await opened.store.act(lambda tx: tx.signing_keys.succeed(old, new, end))


async def kept(opened: Opened) -> Sequence[SigningKey]:
    return await opened.store.read(lambda tx: tx.signing_keys.all())


async def signer(opened: Opened, algorithm: Algorithm, at: Instant) -> SigningKey | None:
    return await opened.store.read(lambda tx: tx.signing_keys.signer(algorithm, at))


@story
async def an_algorithm_has_one_first_key(opened: Opened) -> None:
    assert await kept(opened) == []
    assert await signer(opened, "ES256", NOON) is None
    assert await add(opened, key("a"))
    assert not await add(opened, key("b"))
    assert await add(opened, key("c", algorithm="EdDSA"))
    assert await kept(opened) == [key("a"), key("c", algorithm="EdDSA")]


@story
async def of_many_who_add_the_first_key_at_once_one_does(opened: Opened) -> None:
    added = await asyncio.gather(*(add(opened, key(f"k{n}")) for n in range(8)))
    assert sorted(added) == [False] * 7 + [True]
    assert len(await kept(opened)) == 1


@story
async def a_key_is_kept_whole(opened: Opened) -> None:
    whole = replace(key("a", later(NOON, HOUR), "RS256"), sealed=bytes(range(256)))
    await add(opened, whole)
    (found,) = await kept(opened)
    assert found == whole
    assert (found.sealed, found.public_jwk) == (whole.sealed, whole.public_jwk)


@story
async def a_successor_gives_its_predecessor_an_end(opened: Opened) -> None:
    old, new = key("a"), key("b", later(NOON, HOUR))
    await add(opened, old)
    assert await succeed(opened, old, new)
    assert await kept(opened) == [new, replace(old, ends_at=END)]
    assert not await succeed(opened, old, key("c", later(NOON, 2 * HOUR)))
    assert not await succeed(opened, key("nobody"), key("c"))
    assert not await add(opened, key("d")), "there is one without an end"
    assert len(await kept(opened)) == 2


@story
async def of_many_successors_at_once_one_is(opened: Opened) -> None:
    old = key("old")
    await add(opened, old)
    new = [key(f"new{n}", later(NOON, n)) for n in range(8)]
    done = await asyncio.gather(
        *(succeed(opened, old, each, later(END, n)) for n, each in enumerate(new))
    )
    assert sorted(done) == [False] * 7 + [True]
    found = await kept(opened)
    assert len(found) == 2
    first = new[done.index(True)]
    assert newest_of(found, "ES256") == first
    assert replace(old, ends_at=later(END, done.index(True))) in found


@story
async def whoever_signs_is_the_newest_that_has_begun(opened: Opened) -> None:
    first, other = key("a"), key("z", algorithm="EdDSA")
    await add(opened, first)
    await add(opened, other)
    at, newest = NOON, first
    for n, kid in enumerate(("b", "c")):
        at = later(at, HOUR)
        following = key(kid, at)
        assert await succeed(opened, newest, following, later(NOON, (n + 1) * DAY))
        newest = following
    found = await kept(opened)
    for minutes in (-1, 0, 59, 60, 61, 119, 120, 5000):
        now = later(NOON, minutes * MINUTE)
        for algorithm in ("ES256", "EdDSA", "RS256"):
            expected = signer_at(found, algorithm, now)
            assert await signer(opened, algorithm, now) == expected
    names = [(await signer(opened, "ES256", later(NOON, n * HOUR))) for n in range(4)]
    assert [each and each.kid for each in names] == ["a", "b", "c", "c"]


@story
async def of_a_key_that_has_ended_the_private_half_is_destroyed(opened: Opened) -> None:
    old, new = key("a"), key("b", later(NOON, HOUR))
    await add(opened, old)
    await succeed(opened, old, new)

    async def destroy(at: Instant) -> list[str]:
        return list(await opened.store.act(lambda tx: tx.signing_keys.destroy_ended(at)))

    assert await destroy(later(END, -1)) == []
    assert await destroy(END) == ["a"]
    assert await destroy(END) == [], "once"
    assert await kept(opened) == [new, replace(old, ends_at=END, sealed=b"")]
    assert opened.sql("SELECT kid FROM signing_keys WHERE length(sealed) = 0") == [("a",)]
