"""Uses are counted in memory and written later; nothing that happens then loses or doubles them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keystead.core.clock import DAY, HOUR, MINUTE, SECOND, later
from keystead.core.errors import Refused
from keystead.credentials.rotation import Rotation
from keystead.gate.visit import Visit
from keystead.operations.credentials.credentials import read_credential
from keystead.operations.credentials.rotation import rotate_credential
from keystead.operations.credentials.usage import read_usage
from keystead.operations.whoami import whoami
from keystead.ports.paging import PageRequest
from keystead.ports.usage import UsageQuery
from tests.gate.houses import NOON, Home, at_home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from keystead.core.clock import Instant
    from keystead.core.secret import Secret
    from keystead.credentials.record import LastUse
    from keystead.ports.usage import Use


class Broken:
    """Records that are lost on the way."""

    async def add(self, uses: Sequence[Use]) -> None:
        raise OSError(len(uses))

    async def roll(self, at: Instant, size: int) -> int:
        raise OSError(at, size)


class Slow(Broken):
    """Records that take their time: uses go on meanwhile."""

    def __init__(self, home: Home, token: Secret) -> None:
        self.home, self.token = home, token

    async def add(self, uses: Sequence[Use]) -> None:
        await use(self.home, self.token, address="10.0.0.9")
        raise OSError(len(uses))


async def use(home: Home, token: Secret, address: str = "10.0.0.1", agent: str = "curl") -> None:
    await home.house.gate.perform(whoami, Visit(home.arrival(token, address, agent=agent)))


async def last_use(home: Home, credential_id: str) -> LastUse | None:
    return (await home.perform(read_credential, credential_id)).last_use


def test_a_flush_writes_when_whence_by_what_and_how_often(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue()
            for _ in range(3):
                await use(home, token)
            home.clock.go_on(SECOND)
            await use(home, token, "10.0.0.2", "wget")
            assert await last_use(home, made.id) is None, "not yet written"
            await home.house.gate.usage.flush(home.house.counts)
            found = await last_use(home, made.id)
            assert found is not None
            assert (found.at, found.address, found.agent, found.uses) == (
                later(NOON, SECOND), "10.0.0.2", "wget", 4,
            )  # fmt: skip

    asyncio.run(run())


def test_a_flush_that_fails_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue()
            await use(home, token)
            await use(home, token)
            usage = home.house.gate.usage
            with pytest.raises(OSError, match="2"):
                await usage.flush(Broken())
            home.clock.go_on(SECOND)
            with pytest.raises(OSError, match="2"):
                await usage.flush(Slow(home, token))
            await usage.flush(home.house.counts)
            assert await usage.flush(home.house.counts) == 0
            found = await last_use(home, made.id)
            assert found is not None
            assert (found.uses, found.address, found.at) == (3, "10.0.0.9", later(NOON, SECOND))

    asyncio.run(run())


def test_each_secret_has_its_own_last_use(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            first, made = await home.issue()
            await use(home, first)
            second = (
                await home.perform(rotate_credential, made.id, Rotation(overlap_seconds=60))
            ).secret
            await use(home, second)
            await use(home, second)
            await home.house.gate.usage.flush(home.house.counts)
            found = await home.perform(read_credential, made.id)
            assert {n: use_.uses for n, use_ in found.secret_uses.items()} == {1: 1, 2: 2}

    asyncio.run(run())


def test_a_refused_use_is_no_use(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue(expires_at=later(NOON, SECOND))
            home.clock.go_on(SECOND)
            with pytest.raises(Refused):
                await use(home, token)
            await home.house.gate.usage.flush(home.house.counts)
            assert await last_use(home, made.id) is None

    asyncio.run(run())


def test_the_end_of_a_process_writes_what_it_counted(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue()
            await use(home, token)
            house, home.house = home.house, type(home.house)(home.settings, home.clock)
            await house.close()
            found = await last_use(home, made.id)
            assert found is not None
            assert found.uses == 1

    asyncio.run(run())


def test_upkeep_puts_old_minutes_into_hours(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue()
            await use(home, token)
            await home.house.gate.usage.flush(home.house.counts)
            home.clock.go_on(3 * DAY)
            await home.house.upkeep.roll_counts()
            query = UsageQuery(length=MINUTE)
            found = await home.perform(read_usage, made.id, query, PageRequest())
            assert [(each.length, each.uses) for each in found.items] == [(HOUR, 1)]

    asyncio.run(run())
