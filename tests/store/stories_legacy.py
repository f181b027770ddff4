"""Stories of imported tokens, whose digests stand beside a binding."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keystead.core.clock import later
from keystead.ports.credentials import Known
from tests.store.conformance import Opened, story
from tests.store.records import NOON, furnish, make_credential, make_secret

if TYPE_CHECKING:
    from keystead.credentials.record import StoredSecret


async def found_by(opened: Opened, secret: StoredSecret, id12: str | None) -> Known | None:
    candidates = [(secret.pepper_n + 1, secret.digest), (secret.pepper_n, secret.digest)]
    return await opened.store.read(lambda tx: tx.credentials.find_presented(candidates, id12))


@story
async def an_imported_token_is_found_without_an_id_and_no_other_is(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    old, minted = make_credential(owner.id), make_credential(owner.id)
    secret, other = make_secret(binding=os.urandom(32)), make_secret()
    await opened.store.act(lambda tx: tx.credentials.insert(old, secret))
    await opened.store.act(lambda tx: tx.credentials.insert(minted, other))

    assert await found_by(opened, secret, None) == Known(old, secret, owner)
    assert await found_by(opened, secret, old.id12) is None
    assert await found_by(opened, other, None) is None
    assert await found_by(opened, other, minted.id12) == Known(minted, other, owner)


@story
async def an_imported_token_gets_another_secret_beside_it(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    old = make_credential(owner.id)
    first, second = make_secret(binding=os.urandom(32)), make_secret(2)
    await opened.store.act(lambda tx: tx.credentials.insert(old, first))
    await opened.store.act(lambda tx: tx.credentials.retire_secrets(old.id, 1, later(NOON, 9)))
    await opened.store.act(lambda tx: tx.credentials.insert_secret(old.id, second))

    found = await opened.store.read(lambda tx: tx.credentials.find(old.id))
    assert found is not None
    assert [(s.is_legacy, s.binding, s.retires_at) for s in found.secrets] == [
        (True, first.binding, later(NOON, 9)), (False, None, None),
    ]  # fmt: skip
    assert await found_by(opened, first, None) is not None
    assert await found_by(opened, second, old.id12) is not None
