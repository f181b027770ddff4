"""Tokens that have ended are deleted by and by, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from contextlib import closing
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from keystead.core.clock import HOUR, later
from keystead.credentials.wish import CredentialWish
from keystead.gate import ended
from keystead.operations.credentials.credentials import create_credential
from keystead.operations.oauth.issuing import TokenWish, issue_token
from keystead.policy.scopes import Access
from keystead.store.sqlite.connection import DATABASE
from tests.gate.houses import Home, at_home

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import pytest

    from keystead.ports.store import Store, Tx

MANY: Final = 3_000
FEW_MS: Final = 5.0
WISH = TokenWish(issuer="https://keys.example", grant_type="client_credentials")


async def client(home: Home) -> None:
    """Make a client, and ask as it from now on."""
    wish = CredentialWish(
        name="client", expires_at=None, access=(Access("keystead", ("accounts:list",)),)
    )
    made = await home.perform(create_credential, "oauth_client", "static", None, wish)
    home.token = made.secret


def left(home: Home, table: str = "access_tokens") -> int:
    with closing(sqlite3.connect(home.data / DATABASE)) as base:
        return int(base.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def add_ended(home: Home) -> None:
    """Write many tokens and many spent assertions that ended an hour ago."""
    end = later(home.clock.at, -HOUR)
    token = "INSERT INTO access_tokens VALUES (NULL, ?, 1, ?, 'cred_gone', 1, ?, '{}', ?, ?, NULL)"
    with closing(sqlite3.connect(home.data / DATABASE)) as base, base:
        for n in range(MANY):
            base.execute(token, (f"cred_{n:012}", secrets.token_bytes(32), n, end, end))
            spent = ("cred_gone", secrets.token_bytes(32), end)
            base.execute("INSERT INTO spent_assertions VALUES (?, ?, ?)", spent)


class Steps:
    """A store that notes how many rows each act has deleted, and how many milliseconds that took."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rows: list[int] = []
        self.ms: list[float] = []

    async def act(self, work: Callable[[Tx], Awaitable[int]]) -> int:
        async def timed(tx: Tx) -> int:
            begun = time.perf_counter()
            deleted = await work(tx)
            self.ms.append((time.perf_counter() - begun) * 1000)
            return deleted

        self.rows.append(await self._store.act(timed))
        return self.rows[-1]


def test_upkeep_deletes_what_has_ended_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended, "_ROWS", 2)
    monkeypatch.setattr(ended, "_ACTS", 2)

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            await client(home)
            for _ in range(5):
                await home.perform(issue_token, WISH)
            end = later(home.clock.at, HOUR)
            home.clock.go_on(1)
            await home.perform(issue_token, WISH)
            entered = len(await home.entries())
            home.clock.at = later(end, -1)
            assert not await home.house.upkeep.forget_ended()
            assert left(home) == 6
            home.clock.at = end
            assert await home.house.upkeep.forget_ended(), "two acts of two rows, and more are left"
            assert left(home) == 2
            assert not await home.house.upkeep.forget_ended()
            assert left(home) == 1
            assert len(await home.entries()) == entered, "what nobody could use is no event"
            home.clock.go_on(1)
            assert not await home.house.upkeep.forget_ended()
            assert left(home) == 0

    asyncio.run(run())


def test_many_are_deleted_in_short_steps_between_which_others_act(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            await client(home)
            add_ended(home)
            steps: Any = Steps(home.house.store)
            cleaning = asyncio.create_task(ended.forget_ended(steps, home.clock.at))
            before: list[int] = []
            while not cleaning.done():
                await home.perform(issue_token, WISH)
                before.append(len(steps.rows))
            assert not await cleaning
            assert max(steps.rows) <= 20
            assert sum(steps.rows) == 2 * MANY
            # The median: on a busy machine anything may be slow once.
            assert median(steps.ms) < FEW_MS
            waited = [b - a for a, b in pairwise(before)]
            assert len(waited) > 20
            assert median(waited) <= 3, "no act waits for many steps"
            assert left(home) == len(before), "what lives is left"
            assert left(home, "spent_assertions") == 0

    asyncio.run(run())
