"""Stories of credentials and their secrets."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from keystead.core.clock import DAY, SECOND, later
from keystead.policy.networks import parse_network
from keystead.ports.credentials import CredentialQuery, KindCount, Known
from tests.store.conformance import Opened, story
from tests.store.records import (
    NOON,
    furnish,
    make_credential,
    make_owner,
    make_secret,
)

if TYPE_CHECKING:
    from keystead.credentials.record import Credential, StoredSecret
    from keystead.ports.store import Tx


@story
async def a_credential_comes_back_as_it_was_kept(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    token = make_credential(
        owner.id, description="two\nlines", metadata={"team": "ops"},
        networks=(parse_network("10.0.0.9/8"), parse_network("2001:db8::7")),
        expires_at=later(NOON, 9), not_before=later(NOON, 1), last_refreshed_at=later(NOON, 2),
    )  # fmt: skip
    secret = make_secret()
    await opened.store.act(lambda tx: tx.credentials.insert(token, secret))

    found = await opened.store.read(lambda tx: tx.credentials.find(token.id))
    assert found is not None
    assert (found.credential, found.owner, found.secrets) == (token, owner, (secret,))
    assert (found.last_use, dict(found.secret_uses)) == (None, {})


@story
async def a_digest_finds_its_credential_and_no_other(opened: Opened) -> None:
    user = make_owner(kind="user", login="ada")
    mine, other = make_credential(user.id), make_credential(user.id)
    secret, other_secret = make_secret(), make_secret()

    async def put(tx: Tx) -> None:
        await tx.owners.insert(user, None)
        await tx.credentials.insert(mine, secret)
        await tx.credentials.insert(other, other_secret)

    await opened.store.act(put)
    assert await presented(opened, mine, secret) == Known(mine, secret, user)
    assert await presented(opened, mine, make_secret()) is None
    assert await presented(opened, other, secret) is None, "another id than the row's"
    wrong_pepper = replace(secret, pepper_n=2)
    assert await presented(opened, mine, wrong_pepper) is None

    opened.sql("DELETE FROM credential_secrets WHERE credential_id = ?", other.id)
    opened.sql(
        "UPDATE credential_secrets SET credential_id = ? WHERE credential_id = ?", other.id, mine.id
    )
    assert await presented(opened, mine, secret) is None, "moved to another row, it opens nothing"


async def presented(opened: Opened, credential: Credential, secret: StoredSecret) -> Known | None:
    candidates = [(secret.pepper_n + 7, secret.digest), (secret.pepper_n, secret.digest)]
    return await opened.store.read(
        lambda tx: tx.credentials.find_presented(candidates, credential.id12)
    )


@story
async def a_deleted_credential_is_still_recognised_as_revoked(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    token, secret = make_credential(owner.id), make_secret()
    await opened.store.act(lambda tx: tx.credentials.insert(token, secret))
    await opened.store.act(lambda tx: tx.credentials.bury(token.id, later(NOON, 5)))
    known = await presented(opened, token, secret)
    assert known is not None
    assert known.credential.revoked_at == later(NOON, 5)


@story
async def it_is_kept_who_switched_a_credential_off(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    token, secret = make_credential(owner.id), make_secret()
    await opened.store.act(lambda tx: tx.credentials.insert(token, secret))
    off = replace(token, disabled_at=NOON, disabled_from_above=True, revision=2)
    assert await opened.store.act(lambda tx: tx.credentials.save(off, 1))
    known = await presented(opened, token, secret)
    assert known is not None
    assert known.credential.disabled_from_above
    on = replace(off, disabled_at=None, disabled_from_above=False, revision=3)
    assert await opened.store.act(lambda tx: tx.credentials.save(on, 2))
    found = await opened.store.read(lambda tx: tx.credentials.find(token.id))
    assert found is not None
    assert found.credential == on


@story
async def a_rotation_ends_older_secrets_never_later_than_before(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    token = make_credential(owner.id)
    await opened.store.act(lambda tx: tx.credentials.insert(token, make_secret()))

    async def ends(n: int, seconds: int) -> list[int | None]:
        at = later(NOON, seconds * SECOND)
        await opened.store.act(lambda tx: tx.credentials.retire_secrets(token.id, n - 1, at))
        await opened.store.act(lambda tx: tx.credentials.insert_secret(token.id, make_secret(n)))
        found = await opened.store.read(lambda tx: tx.credentials.find(token.id))
        assert found is not None
        return [
            None if s.retires_at is None else (s.retires_at - NOON) // SECOND for s in found.secrets
        ]

    assert await ends(2, 60) == [60, None]
    assert await ends(3, 90) == [60, 90, None]
    assert await ends(4, 10) == [10, 10, 10, None]


@story
async def a_first_use_ends_older_secrets_once(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    token, other = make_credential(owner.id), make_credential(owner.id)
    await opened.store.act(lambda tx: tx.credentials.insert(token, make_secret()))
    await opened.store.act(lambda tx: tx.credentials.insert(other, make_secret()))
    fresh = [make_secret(2), make_secret(3, ends_older=True), make_secret(4)]
    for secret in fresh:
        await opened.store.act(partial(_one_more, token.id, secret))

    news = await opened.listen()
    assert not await opened.store.act(lambda tx: tx.credentials.end_older(token.id, 2, NOON))
    assert not await opened.store.act(lambda tx: tx.credentials.end_older(token.id, 9, NOON))
    assert not await opened.store.act(lambda tx: tx.credentials.end_older(other.id, 3, NOON))
    assert await news.news() is None
    known = await presented(opened, token, fresh[1])
    assert known is not None
    assert known.secret.ends_older

    assert await opened.store.act(lambda tx: tx.credentials.end_older(token.id, 3, NOON))
    assert not await opened.store.act(lambda tx: tx.credentials.end_older(token.id, 3, NOON))
    found = await opened.store.read(lambda tx: tx.credentials.find(token.id))
    assert found is not None
    assert [s.retires_at for s in found.secrets] == [NOON, NOON, None, None]
    assert not any(s.ends_older for s in found.secrets)
    unharmed = await opened.store.read(lambda tx: tx.credentials.find(other.id))
    assert unharmed is not None
    assert unharmed.secrets[0].retires_at is None


async def _one_more(credential_id: str, secret: StoredSecret, tx: Tx) -> None:
    await tx.credentials.insert_secret(credential_id, secret)


@story
async def credentials_are_counted_by_kind_and_state(opened: Opened) -> None:
    owner, other = make_owner(), make_owner()
    at = later(NOON, 100 * DAY)
    soon, past = later(at, 30 * DAY), at
    tokens = [
        make_credential(owner.id),
        make_credential(owner.id, expires_at=later(soon, 1)),
        make_credential(owner.id, expires_at=soon),
        make_credential(other.id, expires_at=later(at, 1)),
        make_credential(owner.id, expires_at=past),
        # States that are graver than an end.
        make_credential(owner.id, expires_at=past, revoked_at=NOON),
        make_credential(owner.id, disabled_at=NOON),
        make_credential(owner.id, not_before=later(at, 1)),
        make_credential(owner.id, not_before=at),
    ]
    keys = [
        make_credential(owner.id, kind="api_key"),
        make_credential(owner.id, kind="api_key", type="key_admin"),
    ]
    buried = make_credential(owner.id)

    async def put(tx: Tx) -> None:
        for each in (owner, other):
            await tx.owners.insert(each, None)
        for credential in (*tokens, *keys, buried):
            await tx.credentials.insert(credential, make_secret())
        await tx.credentials.bury(buried.id, NOON)

    await opened.store.act(put)

    async def counted(query: CredentialQuery) -> list[KindCount]:
        return list(await opened.store.read(lambda tx: tx.credentials.counts(query)))

    whole = CredentialQuery(visible=None, at=at)
    of_keys = KindCount("api_key", live=2, never_expires=2)
    assert await counted(whole) == [
        of_keys,
        KindCount("api_token", live=5, expiring=2, expired=1, never_expires=2),
    ]
    assert await counted(replace(whole, visible=frozenset({owner.id}))) == [
        of_keys,
        KindCount("api_token", live=4, expiring=1, expired=1, never_expires=2),
    ]
    assert await counted(replace(whole, kind="api_key", type="static")) == [
        KindCount("api_key", live=1, never_expires=1)
    ]
    assert await counted(replace(whole, visible=frozenset())) == []
