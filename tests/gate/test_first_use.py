"""The first use of a secret ends the ones before it, if its rotation said so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keystead.audit.entry import decode_entry
from keystead.core.actor import SYSTEM
from keystead.core.clock import SECOND, later
from keystead.core.errors import Forbidden, NotFound, Unauthenticated
from keystead.credentials.lifecycle import MAX_OVERLAP_SECONDS
from keystead.credentials.rotation import Rotation
from keystead.gate.visit import Visit
from keystead.operations.credentials.credentials import disable_credential
from keystead.operations.credentials.rotation import rotate_credential
from keystead.operations.vault.accounts import read_account
from keystead.operations.vault.folders import list_folders
from keystead.operations.whoami import whoami
from keystead.policy.permissions import Permission
from tests.gate.houses import NOON, Home, at_home

if TYPE_CHECKING:
    from pathlib import Path

    from keystead.core.secret import Secret

FIRST_USE = Rotation(revoke_after_first_use=True)


async def use(home: Home, token: Secret) -> None:
    await home.house.gate.perform(whoami, Visit(home.arrival(token)))


async def is_over(home: Home, token: Secret) -> bool:
    with pytest.raises(Unauthenticated) as refused:
        await use(home, token)
    return refused.value.code == "credential_revoked"


async def retirements(home: Home) -> list[tuple[object, object]]:
    entries = await home.entries(verb="credential.retire")
    events = [decode_entry(entry.bytes)[2] for entry in entries]
    assert all(event.actor == SYSTEM for event in events)
    return [(event.object.id, event.facts) for event in events if event.object]


def test_the_first_use_ends_older_secrets_before_it_is_answered(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            first, made = await home.issue()
            second = (await home.perform(rotate_credential, made.id, FIRST_USE)).secret
            await use(home, first)
            assert await retirements(home) == []
            home.clock.go_on(SECOND)
            await use(home, second)
            assert await retirements(home) == [(made.id, {"secret": 2})]
            assert await is_over(home, first)
            await use(home, second)
            assert len(await retirements(home)) == 1
            # Not more than the one entry, and nothing at all once it is remembered.
            before = home.house.database.statements
            await use(home, second)
            assert home.house.database.statements == before

    asyncio.run(run())


def test_at_the_latest_they_end_with_the_overlap(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            first, made = await home.issue()
            rotated = await home.perform(rotate_credential, made.id, FIRST_USE)
            end = later(NOON, MAX_OVERLAP_SECONDS * SECOND)
            assert [s.retires_at for s in rotated.listed.secrets] == [end, None]
            home.clock.at = later(end, -1)
            await use(home, first)
            home.clock.at = end
            assert await is_over(home, first)

    asyncio.run(run())


def test_a_refused_use_ends_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            _, made = await home.issue(Permission.ACCOUNTS_READ)
            second = (await home.perform(rotate_credential, made.id, FIRST_USE)).secret
            visit = Visit(home.arrival(second))
            with pytest.raises(Forbidden):
                await home.house.gate.admit(list_folders, visit)
            await home.perform(disable_credential, made.id)
            with pytest.raises(Unauthenticated):
                await use(home, second)
            assert await retirements(home) == []

    asyncio.run(run())


def test_what_is_not_found_was_asked_for_by_a_good_secret(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            first, made = await home.issue(Permission.ACCOUNTS_READ)
            second = (await home.perform(rotate_credential, made.id, FIRST_USE)).secret
            with pytest.raises(NotFound):
                await home.house.gate.perform(
                    read_account, Visit(home.arrival(second)), "acct_nothing"
                )
            assert await is_over(home, first)

    asyncio.run(run())


def test_of_many_first_uses_at_once_one_is_the_first(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            _, made = await home.issue()
            second = (await home.perform(rotate_credential, made.id, FIRST_USE)).secret
            await asyncio.gather(*(use(home, second) for _ in range(20)))
            assert len(await retirements(home)) == 1

    asyncio.run(run())
