"""The slow step of an operation: after who, bounds and may; outside any transaction; never the last word."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from keystead.audit.errors import BrokenEntry
from keystead.core.errors import Forbidden, KeysteadError, Refused, Unavailable
from keystead.core.secret import Secret
from keystead.crypto.envelope import BrokenEnvelope
from keystead.crypto.passwords import BrokenPasswordHash
from keystead.gate.acts.operation import Operation, Told
from keystead.gate.pool import SlowPool
from keystead.gate.visit import Visit
from keystead.operations.credentials.credentials import revoke_credential
from keystead.operations.vault.secrets import store_secret
from keystead.operations.whoami import whoami
from keystead.policy.permissions import Permission
from tests.gate.houses import Home, at_home

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation

    Step = Callable[[Preparation, str], Awaitable[str]]


async def _act(act: Act, prepared: str, word: str) -> str:
    act.about("test", "", word)
    return f"{prepared} {word}"


def slow(prepare: Step, needs: Permission | None = Permission.OWNERS_EDIT) -> Operation[[str], str]:
    """Make an operation that is in no registry."""
    return Operation("test.slow", "test.slow", needs, Told.ENTERED, _act, prepare)


async def code(work: Awaitable[object]) -> str:
    try:
        await work
    except Refused as refusal:
        return refusal.code
    return "ok"


def test_what_was_prepared_comes_to_the_act(tmp_path: Path) -> None:
    async def hello(slow: Preparation, word: str) -> str:
        return f"{len(word)} letters of {slow.caller.owner_id}:"

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            said = await home.perform(slow(hello), "word")
            assert said == f"4 letters of {home.owner_id}: word"
            (entry,) = await home.entries(verb="test.slow")
            assert b'"decision":"allowed"' in entry.bytes

    asyncio.run(run())


def test_nothing_is_prepared_for_whoever_may_not(tmp_path: Path) -> None:
    async def never(_: Preparation, word: str) -> str:
        pytest.fail(word)

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue(Permission.ACCOUNTS_LIST)
            ask = home.house.gate.perform
            refused = ask(slow(never), Visit(home.arrival(token)), "word")
            assert await code(refused) == "insufficient_scope"
            await home.perform(revoke_credential, made.id)
            refused = ask(slow(never), Visit(home.arrival(token)), "word")
            assert await code(refused) == "credential_revoked"

    asyncio.run(run())


def test_others_write_while_something_is_prepared(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            written = asyncio.Event()

            async def wait(_: Preparation, word: str) -> str:
                await asyncio.wait_for(written.wait(), 10)
                return word

            waiting = asyncio.create_task(home.perform(slow(wait), "word"))
            await asyncio.sleep(0)
            await home.perform(store_secret, home.account_id, {"password": Secret("x")}, None)
            written.set()
            assert await waiting == "word word"

    asyncio.run(run())


def test_a_right_lost_meanwhile_is_lost(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue()

            async def revoke(_: Preparation, word: str) -> str:
                await home.perform(revoke_credential, made.id)
                return word

            refused = home.house.gate.perform(slow(revoke), Visit(home.arrival(token)), "word")
            assert await code(refused) == "credential_revoked"
            (entry,) = await home.entries(verb="test.slow")
            assert b'"decision":"refused"' in entry.bytes
            assert made.id.encode() in entry.bytes

    asyncio.run(run())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Forbidden("insufficient_scope", "no", rule="because"), b'"rule":"because"'),
        (
            BrokenPasswordHash("x"),
            b'"internal_error","rule":"password hash altered or not checkable"',
        ),
        (BrokenEnvelope("x"), b'"internal_error","rule":"sealed value altered or moved"'),
        (BrokenEntry("x"), b'"internal_error","rule":"audit entry altered or of an unknown form"'),
    ],
    ids=["refused", "hash", "envelope", "entry"],
)
def test_what_is_refused_there_is_entered_with_its_object(
    tmp_path: Path, error: KeysteadError, told: bytes
) -> None:
    async def refuse(slow: Preparation, word: str) -> str:
        slow.about("owner", "own_somebody", word)
        raise error

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            with pytest.raises(type(error)):
                await home.perform(slow(refuse), "word")
            (entry,) = await home.entries(verb="test.slow")
            assert told in entry.bytes
            assert b"own_somebody" in entry.bytes

    asyncio.run(run())


def test_reading_there_is_no_part_of_the_act(tmp_path: Path) -> None:
    async def read(slow: Preparation, word: str) -> str:
        owner = await slow.read(lambda tx: tx.owners.find(slow.caller.owner_id))
        assert owner is not None
        return owner.name

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            assert await home.perform(slow(read), "it is") == "Administrator it is"

    asyncio.run(run())


async def at_work(home: Home, release: threading.Event, tasks: int) -> list[asyncio.Task[str]]:
    async def hold(slow: Preparation, word: str) -> str:
        await slow.in_pool(release.wait, 20)
        return word

    found = [asyncio.create_task(home.perform(slow(hold), "held")) for _ in range(tasks)]
    await asyncio.sleep(0.05)
    return found


def test_the_pool_has_so_many_places_and_no_more(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            home.house.gate._pool = pool = SlowPool(threads=1, waiting=2)
            release = threading.Event()
            running = await at_work(home, release, 3)
            with pytest.raises(Unavailable) as caught:
                await (await at_work(home, release, 1))[0]
            assert caught.value.code == "busy"
            assert not await home.entries(verb="test.slow"), "nothing was done"
            await home.perform(whoami), "everybody else goes on"
            running.pop().cancel()
            await asyncio.sleep(0.05)
            running += await at_work(home, release, 1)
            release.set()
            assert await asyncio.gather(*running) == ["held held"] * 3
            pool.close()

    asyncio.run(run())


def test_a_fault_in_a_thread_is_the_caller_s_and_frees_its_place() -> None:
    async def run() -> None:
        pool = SlowPool(threads=1, waiting=0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await pool.run(divmod, 1, 0)
        assert await pool.run(divmod, 7, 2) == (3, 1)
        pool.close()

    asyncio.run(run())
