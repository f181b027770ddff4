"""Law 9: when something begins and ends is judged at each use, to the microsecond, whatever is remembered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keystead.core.clock import SECOND, later
from keystead.core.errors import Refused
from keystead.credentials.rotation import Rotation
from keystead.credentials.wish import CredentialWish
from keystead.gate.visit import Visit
from keystead.operations.credentials.credentials import (
    edit_credential,
    revoke_credential,
)
from keystead.operations.credentials.rotation import rotate_credential, rotate_self
from keystead.operations.whoami import whoami
from tests.gate.houses import NOON, Home, at_home

if TYPE_CHECKING:
    from pathlib import Path

    from keystead.core.secret import Secret


async def answer(home: Home, token: Secret, at: int) -> str:
    """Return the code that a use at an instant after noon is answered with."""
    arrival = home.arrival(token, at=later(NOON, at))
    try:
        await home.house.gate.perform(whoami, Visit(arrival))
    except Refused as refusal:
        return refusal.code
    return "ok"


def test_an_end_is_exclusive_and_a_beginning_inclusive(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, _ = await home.issue(
                not_before=later(NOON, 10 * SECOND), expires_at=later(NOON, 20 * SECOND)
            )
            found = [
                await answer(home, token, at)
                for at in (
                    0, 10 * SECOND - 1, 10 * SECOND, 10 * SECOND + 1,
                    20 * SECOND - 1, 20 * SECOND, 20 * SECOND + 1,
                )
            ]  # fmt: skip
            early, late = "credential_not_yet_valid", "credential_expired"
            assert found == [early, early, "ok", "ok", "ok", late, late]

    asyncio.run(run())


def test_a_remembered_credential_ends_without_anybody_telling(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, _ = await home.issue(expires_at=later(NOON, SECOND))
            assert await answer(home, token, SECOND - 1) == "ok"
            before = home.house.database.statements
            with pytest.raises(Refused):
                await home.house.gate.perform(
                    whoami, Visit(home.arrival(token, at=later(NOON, SECOND)))
                )
            # Only the refusal's entry: read the head, append, sign.
            assert home.house.database.statements == before + 3

    asyncio.run(run())


def test_old_secrets_retire_at_their_own_instants(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            first, made = await home.issue()
            second = (
                await home.perform(rotate_credential, made.id, Rotation(overlap_seconds=60))
            ).secret
            home.clock.go_on(10 * SECOND)
            third = (
                await home.perform(rotate_credential, made.id, Rotation(overlap_seconds=5))
            ).secret
            for token, last_good in ((first, 15 * SECOND - 1), (second, 15 * SECOND - 1)):
                assert await answer(home, token, last_good) == "ok"
                assert await answer(home, token, last_good + 1) == "credential_revoked"
            assert await answer(home, third, 10_000 * SECOND) == "ok"

    asyncio.run(run())


def test_a_rotation_without_overlap_ends_the_old_secret_at_its_own_instant(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            old, _ = await home.issue()
            mine, home.token = home.token, old
            fresh = (await home.perform(rotate_self)).secret
            home.token = mine
            assert await answer(home, old, 0) == "credential_revoked"
            assert await answer(home, fresh, 0) == "ok"

    asyncio.run(run())


def test_the_gravest_reason_is_named(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue(expires_at=later(NOON, SECOND))
            assert await answer(home, token, 2 * SECOND) == "credential_expired"
            await home.perform(revoke_credential, made.id)
            assert await answer(home, token, 2 * SECOND) == "credential_revoked"

    asyncio.run(run())


def test_an_expired_credential_is_not_revived_by_an_edit(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            _, made = await home.issue(expires_at=later(NOON, SECOND))
            home.clock.go_on(SECOND)
            with pytest.raises(Refused) as caught:
                await home.perform(edit_credential, made.id, CredentialWish(expires_at=None))
            assert caught.value.code == "wrong_state"

    asyncio.run(run())


def test_every_refusal_is_entered_with_who_what_where_and_why(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue(expires_at=later(NOON, SECOND))
            await answer(home, token, SECOND)
            entry = (await home.entries(decision="refused"))[-1]
            assert entry.columns.credential_id == made.id
            assert entry.columns.owner_id == home.owner_id
            assert (entry.columns.verb, entry.columns.at) == ("whoami", later(NOON, SECOND))
            assert b'"credential_expired"' in entry.bytes
            assert b'"127.0.0.1"' in entry.bytes
            assert token.reveal().encode()[16:] not in entry.bytes
            assert home.intact()

    asyncio.run(run())
