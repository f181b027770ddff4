"""A change asked for twice and made once, where a door cannot show it: slow steps, faults, clean-up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from keystead.core.clock import later
from keystead.core.errors import Refused, Unavailable
from keystead.gate import ended
from keystead.gate.acts.once import ANSWER_LIVES, Answered, Once, RequestKey
from keystead.gate.acts.operation import Operation, Told
from keystead.gate.visit import Visit
from keystead.operations.credentials.credentials import revoke_credential
from keystead.operations.vault.folders import create_folder
from keystead.policy.permissions import Permission
from keystead.upkeep import Upkeep
from keystead.vault.folder import FolderWish
from tests.gate.houses import Home, at_home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keystead.core.secret import Secret
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation
    from keystead.operations.vault.folders import PlacedFolder
    from keystead.ports.store import Tx

KEY = RequestKey("k", b"digest")


class Slow:
    """An operation that is in no registry, and counts its steps."""

    def __init__(self) -> None:
        self.prepared = self.done = 0
        self.while_preparing: Callable[[], Any] | None = None
        needs = Permission.OWNERS_EDIT
        self.operation: Operation[[str], str] = Operation(
            "test.slow", "test.slow", needs, Told.ENTERED, self._act, self._prepare
        )

    async def _prepare(self, slow: Preparation, word: str) -> int:
        self.prepared += 1
        if self.while_preparing is not None:
            await self.while_preparing()
        return len(word)

    async def _act(self, act: Act, letters: int, word: str) -> str:
        self.done += 1
        act.about("test", "", word)
        return f"{letters} letters, time {self.done}"


async def ask(home: Home, slow: Slow, token: Secret | None = None) -> Answered:
    visit = Visit(home.arrival(token))
    return await home.house.gate.perform_once(slow.operation, visit, Once(KEY, str.encode), "word")


async def make_folder(home: Home, key: str, name: str) -> Answered:
    once: Once[PlacedFolder] = Once(RequestKey(key, b""), lambda made: made.folder.id.encode())
    visit = Visit(home.arrival())
    return await home.house.gate.perform_once(create_folder, visit, once, FolderWish(name=name))


def test_what_was_slow_is_not_done_again(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            slow = Slow()
            first, second = await ask(home, slow), await ask(home, slow)
            assert first == Answered(b"4 letters, time 1", repeated=False)
            assert second == Answered(b"4 letters, time 1", repeated=True)
            assert (slow.prepared, slow.done) == (1, 1)

    asyncio.run(run())


def test_of_two_that_are_slow_at_once_one_is_done(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            slow, met = Slow(), asyncio.Barrier(2)
            slow.while_preparing = met.wait
            found = await asyncio.gather(ask(home, slow), ask(home, slow))
            assert sorted(each.repeated for each in found) == [False, True]
            assert {each.answer for each in found} == {b"4 letters, time 1"}
            assert (slow.prepared, slow.done) == (2, 1)

    asyncio.run(run())


def test_a_right_that_is_lost_meanwhile_leaves_nothing_behind(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue()
            slow = Slow()
            slow.while_preparing = lambda: home.perform(revoke_credential, made.id)
            with pytest.raises(Refused, match="credential_revoked"):
                await ask(home, slow, token)
            assert slow.done == 0
            found = await home.house.store.read(
                lambda tx: tx.idempotency.find(made.id, KEY.text, home.clock.now())
            )
            assert found is None

    asyncio.run(run())


def test_an_answer_that_ends_between_two_looks_is_asked_for_once_more(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            slow, gate = Slow(), home.house.gate
            await ask(home, slow)
            read = gate._store.read

            async def read_then_forget(work: Any) -> Any:  # noqa: ANN401  # as it stands there
                found = await read(work)
                await ended.forget_ended(gate._store, later(home.clock.now(), ANSWER_LIVES))
                return found

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(gate._store, "read", read_then_forget)
                with pytest.raises(Unavailable) as caught:
                    await ask(home, slow)
            assert caught.value.code == "busy"
            assert (slow.prepared, slow.done) == (1, 1), "nothing is done by the way"
            assert (await ask(home, slow)).answer == b"4 letters, time 2"

    asyncio.run(run())


def test_an_answer_that_cannot_be_written_takes_the_act_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:

            def fails(_: PlacedFolder) -> bytes:
                msg = "no such bytes"
                raise ZeroDivisionError(msg)

            visit, wish = Visit(home.arrival()), FolderWish(name="never")
            entered = len(await home.entries())
            with pytest.raises(ZeroDivisionError):
                await home.house.gate.perform_once(create_folder, visit, Once(KEY, fails), wish)
            assert len(await home.entries()) == entered
            assert not (await make_folder(home, KEY.text, "never")).repeated

    asyncio.run(run())


def test_ended_answers_are_deleted_and_living_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended, "_ROWS", 2)
    monkeypatch.setattr(ended, "_ACTS", 2)

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            began = home.clock.now()
            end = later(began, ANSWER_LIVES)

            async def read(tx: Tx) -> list[bool]:
                assert home.credential is not None
                found = [
                    await tx.idempotency.find(home.credential.id, f"k{n}", began) for n in range(6)
                ]
                return [each is not None for each in found]

            async def kept() -> list[bool]:
                return await home.house.store.read(read)

            for n in range(5):
                await make_folder(home, f"k{n}", f"folder {n}")
            home.clock.go_on(1)
            await make_folder(home, "k5", "folder 5")
            assert not await ended.forget_ended(home.house.store, later(began, ANSWER_LIVES - 1))
            assert await kept() == [True] * 6
            entered = len(await home.entries())
            assert await ended.forget_ended(home.house.store, end)
            assert await kept() == [False] * 4 + [True] * 2, "as many as one call may"
            assert not await ended.forget_ended(home.house.store, end)
            assert await kept() == [False] * 5 + [True]
            assert len(await home.entries()) == entered, "what nobody could have is no event"

    asyncio.run(run())


def test_upkeep_deletes_them_by_and_by(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            await make_folder(home, "k", "one")
            began = home.clock.now()
            assert home.credential is not None
            of = home.credential.id
            house = home.house
            rooms = (house.gate, house.store, house.counts, house.leader, house.key_upkeep)
            quick = Upkeep(*rooms, house.clock, every=0.01, turns=2)
            upkeep = asyncio.create_task(quick.go_on())

            async def is_kept() -> bool:
                found = await home.house.store.read(lambda tx: tx.idempotency.find(of, "k", began))
                return found is not None

            await asyncio.sleep(0.1)
            assert await is_kept()
            home.clock.go_on(ANSWER_LIVES)
            async with asyncio.timeout(10):
                while await is_kept():  # noqa: ASYNC110  # upkeep sets no event
                    await asyncio.sleep(0.01)
            upkeep.cancel()

    asyncio.run(run())
