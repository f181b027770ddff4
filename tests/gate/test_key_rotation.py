"""Seal keys and peppers come and go while houses work: nothing is lost, and nobody is locked out."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from keystead.core.clock import MINUTE, later
from keystead.core.errors import Conflict, Unavailable
from keystead.core.secret import Secret
from keystead.crypto.envelope import SEALS_PER_KEY, BrokenEnvelope, seal_number
from keystead.crypto.keyring import MasterKey, read_master_key
from keystead.crypto.master.key import new_master_key_text
from keystead.crypto.master.source import KeyText, open_master
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.operations.credentials.credentials import revoke_credential
from keystead.operations.keys import NothingToRetire, retire_keys, rotate_key, rotate_master_key
from keystead.operations.resealing import PLACES, Resealing
from keystead.operations.vault.accounts import create_account
from keystead.operations.vault.secrets import fetch_secret, store_secret
from keystead.operations.whoami import whoami
from keystead.ports.keyring import KeyReplaced
from keystead.settings_file import MASTER_KEY
from keystead.store.rows.sealed import SEALED
from keystead.store.schema import tables
from keystead.store.sqlite.connection import connect
from keystead.upkeep import system_arrival
from keystead.vault.account import AccountWish
from tests.gate.houses import Home, at_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from keystead.ports.keyring import Purpose

PLACE = PLACES["account_versions"]("acct_x", 1)


def master_of(home: Home) -> MasterKey:
    return read_master_key(home.data / MASTER_KEY)


async def rotate(home: Home, purpose: Purpose) -> int:
    visit = Visit(system_arrival(home.clock))
    n = await home.house.gate.perform(rotate_key, visit, master_of(home), purpose)
    await home.house.keys.learn()
    return n


async def retire(home: Home) -> None:
    await home.house.gate.perform(retire_keys, Visit(system_arrival(home.clock)))


async def password(home: Home, account_id: str | None = None) -> str:
    fetched = await home.perform(fetch_secret, account_id or home.account_id)
    return fetched.fields["password"].reveal()


async def write(home: Home, value: str) -> None:
    await home.perform(store_secret, home.account_id, {"password": Secret(value)}, None)


def rows(home: Home, sql: str, *values: object) -> list[tuple[object, ...]]:
    connection = connect(home.data)
    try:
        return [tuple(row) for row in connection.execute(sql, values).fetchall()]
    finally:
        connection.close()


def sealed_with(home: Home) -> set[int]:
    found = rows(home, "SELECT sealed FROM account_versions")
    found += rows(home, "SELECT sealed FROM signing_keys WHERE length(sealed) > 0")
    return {seal_number(bytes(row[0])) for row in found if isinstance(row[0], bytes)}


def in_keyring(home: Home, purpose: str) -> list[object]:
    return [
        row[0] for row in rows(home, "SELECT n FROM keyring WHERE purpose = ? ORDER BY n", purpose)
    ]


@asynccontextmanager
async def beside(home: Home) -> AsyncIterator[Home]:
    """Another process of the same installation, as far as keys are concerned."""
    other = Home(home.data, House(home.settings, home.clock), home.clock)
    for name in ("owner_id", "folder_id", "account_id", "token"):
        setattr(other, name, getattr(home, name))
    try:
        yield other
    finally:
        await other.house.close()


def test_a_seal_key_is_replaced_and_let_go(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            await home.house.upkeep.tend_signing_keys()
            await write(home, "second")
            assert await rotate(home, "seal") == 2
            assert await password(home) == "second"
            await write(home, "third")
            assert sealed_with(home) == {1, 2}
            with pytest.raises(NothingToRetire):
                await retire(home)
            told: list[int] = []
            await Resealing(home.house.store, home.house.keyring).run(told.append)
            assert told[-1] == 5
            assert sealed_with(home) == {2}
            await retire(home)
            assert in_keyring(home, "seal") == [2]
            assert await password(home) == "third"
            await home.house.upkeep.tend_signing_keys()
            verbs = [entry.columns.verb for entry in await home.entries()]
            assert verbs.count("key.rotate") == verbs.count("key.retire") == 1
            assert home.intact()
            # It is forgotten by who has it in memory too.
            await home.perform(whoami)
            assert home.house.keyring.superseded == []

    asyncio.run(run())


def test_what_was_sealed_anew_is_bound_to_its_place_as_before(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            wish = AccountWish(name="other", folder_id=home.folder_id)
            other = await home.perform(create_account, wish, {"password": Secret("another")})
            await rotate(home, "seal")
            await Resealing(home.house.store, home.house.keyring).run()
            moved = "SELECT sealed FROM account_versions WHERE account_id = ?"
            moved = f"UPDATE account_versions SET sealed = ({moved}) WHERE account_id = ?"
            rows(home, moved, other.account.id, home.account_id)
            assert await password(home, other.account.id) == "another"
            with pytest.raises(BrokenEnvelope, match="altered or moved"):
                await password(home)

    asyncio.run(run())


def test_another_process_learns_of_a_new_key_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home, beside(home) as other:
            assert await password(other) == "pass-word"
            await rotate(home, "seal")
            await rotate(home, "pepper")
            await write(home, "sealed by the second")
            token, _ = await home.issue()
            assert await password(other) == "sealed by the second"
            await write(other, "sealed by the other")
            assert await password(home) == "sealed by the other"
            assert other.house.keyring.sealer.newest == 2
            other.token = token
            assert (await other.perform(whoami)).known.secret.pepper_n == 2

    asyncio.run(run())


def test_a_new_key_is_heard_of_behind_too_many_owners_to_name(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home, beside(home) as other:
            assert await password(other) == "pass-word"
            at = home.clock.now()
            await home.house.store.act(lambda tx: tx.generation.raise_for("owners", "", at))
            await rotate(home, "seal")
            await write(home, "by the new key")
            await other.perform(whoami)
            assert other.house.keyring.sealer.newest == 2

    asyncio.run(run())


def test_who_has_not_heard_yet_can_keep_nothing_by_the_old_key(tmp_path: Path) -> None:
    """Else it would be sealed by a key that is about to be removed."""

    async def run() -> None:
        async with at_home(tmp_path / "data") as home, beside(home) as other:
            await rotate(home, "seal")
            before = rows(home, "SELECT count(*) FROM account_versions")
            sealer = other.house.keyring.sealer

            async def stale(tx):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
                await tx.keyring.count(1, 5)
                return sealer.seal(PLACE, b"value")

            with pytest.raises(KeyReplaced):
                await other.house.store.act(stale)
            assert rows(home, "SELECT seals FROM keyring WHERE purpose = 'seal' AND n = 1") != [
                (5,)
            ]
            assert rows(home, "SELECT count(*) FROM account_versions") == before

    asyncio.run(run())


def test_an_act_that_was_overtaken_by_a_rotation_is_done_with_the_new_key(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home, beside(home) as other:
            act = other.house.store.act

            async def overtaken(work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
                other.house.store.act = act  # type: ignore[method-assign]
                await rotate(home, "seal")
                return await act(work)

            other.house.store.act = overtaken  # type: ignore[method-assign]
            await write(other, "a value")
            assert await password(home) == "a value"
            assert sealed_with(home) == {1, 2}

    asyncio.run(run())


def test_a_write_between_reading_and_sealing_anew_is_kept(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            await rotate(home, "seal")
            read = await home.house.store.read(
                lambda tx: tx.keyring.sealed_by("account_versions", 1, None, 10)
            )
            rows(home, "UPDATE account_versions SET sealed = x'00'")
            done = await home.house.store.act(
                lambda tx: tx.keyring.seal_anew("account_versions", read[0], b"late")
            )
            assert done is False
            assert rows(home, "SELECT sealed FROM account_versions") == [(b"\0",)]

    asyncio.run(run())


def test_a_walk_that_was_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            for n in range(45):
                await write(home, f"value {n}")
            await rotate(home, "seal")
            act, left = home.house.store.act, [2]

            async def ending(work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
                left[0] -= 1
                if left[0] < 0:
                    raise Unavailable("busy", "killed")
                return await act(work)

            home.house.store.act = ending  # type: ignore[method-assign]
            with pytest.raises(Unavailable):
                await Resealing(home.house.store, home.house.keyring).run()
            home.house.store.act = act  # type: ignore[method-assign]
            assert sealed_with(home) == {1, 2}
            async with beside(home) as other:
                again = Resealing(other.house.store, other.house.keyring)
                await again.run()
                assert again.sealed == 46 - 40
                await retire(other)
            assert await password(home) == "value 44"

    asyncio.run(run())


def test_a_value_that_does_not_open_keeps_its_key(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            await write(home, "whole")
            rows(
                home,
                "UPDATE account_versions SET sealed = CAST(sealed || x'00' AS BLOB) WHERE n = 1",
            )
            await rotate(home, "seal")
            walk = Resealing(home.house.store, home.house.keyring)
            await walk.run()
            assert (walk.sealed, walk.broken) == (1, 1)
            with pytest.raises(NothingToRetire):
                await retire(home)
            assert in_keyring(home, "seal") == [1, 2]

    asyncio.run(run())


def test_a_pepper_goes_with_the_last_secret_that_it_finds(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            expiring, first = await home.issue(expires_at=later(home.clock.at, MINUTE))
            await rotate(home, "pepper")
            assert (await home.perform(whoami)).known.secret.pepper_n == 1
            with pytest.raises(NothingToRetire):
                await retire(home)
            await retire_all_of_pepper_1(home, but=first.id)
            home.clock.go_on(2 * MINUTE)
            # Expired it can be rotated, and then its old secret may live on for a while.
            with pytest.raises(NothingToRetire):
                await retire(home)
            await home.perform(revoke_credential, first.id)
            await retire(home)
            assert in_keyring(home, "pepper") == [2]
            del expiring
            assert home.intact()

    asyncio.run(run())


async def retire_all_of_pepper_1(home: Home, but: str) -> None:
    """Give the administrator a token of the new pepper, and end the old ones."""
    token, _ = await home.issue()
    old = rows(home, "SELECT DISTINCT credential_id FROM credential_secrets WHERE pepper_n = 1")
    home.token = token
    for (credential_id,) in old:
        if credential_id != but:
            await home.perform(revoke_credential, str(credential_id))


def test_upkeep_counts_seals_and_lets_go_by_itself(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            await write(home, "counted")
            await home.house.key_upkeep.tend(system_arrival(home.clock))
            counted = rows(home, "SELECT seals FROM keyring WHERE purpose = 'seal'")
            assert counted == [(home.house.keyring.sealer.seals,)]
            assert counted != [(0,)]
            await rotate(home, "seal")
            await home.house.key_upkeep.tend(system_arrival(home.clock))
            assert sealed_with(home) == {1}, "another node may not have heard of the new key yet"
            await home.house.key_upkeep.tend(system_arrival(home.clock))
            while in_keyring(home, "seal") != [2]:  # noqa: ASYNC110  # as long as it takes
                await asyncio.sleep(0.01)
            assert sealed_with(home) == {2}

    asyncio.run(run())


def test_the_bound_of_a_key_holds_over_processes(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            rows(home, "UPDATE keyring SET seals = ? WHERE purpose = 'seal'", SEALS_PER_KEY - 1)
            async with beside(home) as other:
                await write(other, "the last one")
                with pytest.raises(Unavailable) as caught:
                    await write(other, "one too many")
                assert "keystead keyring rotate seal" in caught.value.detail
                await rotate(home, "seal")
                await write(other, "by the next key")
                assert await password(home) == "by the next key"

    asyncio.run(run())


def test_who_cannot_open_a_new_key_reads_on_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its master key was rotated, and it has not been given the new one yet."""

    async def run() -> None:
        async with at_home(tmp_path / "data") as home, beside(home) as other:
            assert await password(other) == "pass-word"
            old, new = master_of(home), open_master(KeyText(new_master_key_text(), "X"))
            visit = Visit(system_arrival(home.clock))
            await home.house.gate.perform(rotate_master_key, visit, old, new)
            await home.house.gate.perform(rotate_key, visit, new, "seal")
            assert await password(other) == "pass-word"
            assert f"needs master key {new.key_id}" in caplog.text
            assert "Then start this server again." in caplog.text
            with pytest.raises(Unavailable) as refused:
                await write(other, "by the old key")
            assert "see its log" in refused.value.detail
            assert sealed_with(home) == {1}
            other.house.keys._find = lambda _: new
            await other.house.keys.learn()
            await write(other, "by the new key")
            assert sealed_with(home) == {1, 2}

    asyncio.run(run())


def test_a_rotation_needs_the_master_key_in_force(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            visit = Visit(system_arrival(home.clock))
            with pytest.raises(Conflict):
                await home.house.gate.perform(rotate_key, visit, MasterKey(bytes(32)), "seal")
            assert in_keyring(home, "seal") == [1]

    asyncio.run(run())


def test_every_sealed_column_is_sealed_anew() -> None:
    columns = {table.name for table in tables.metadata.sorted_tables if "sealed" in table.columns}
    assert columns == set(SEALED) == set(PLACES)
