"""A process remembers what it decided upon, and forgets exactly what changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keystead.core.errors import Refused
from keystead.core.secret import Secret
from keystead.credentials.wish import CredentialWish
from keystead.gate.callers import freshness
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.operations.credentials.credentials import (
    create_credential,
    delete_credential,
    disable_credential,
    edit_credential,
    revoke_credential,
)
from keystead.operations.owners.groups import create_group, edit_group
from keystead.operations.owners.owners import create_owner, edit_owner
from keystead.operations.vault.folders import create_folder, edit_folder
from keystead.operations.vault.secrets import fetch_secret, store_secret
from keystead.operations.whoami import whoami
from keystead.owners.group import GroupWish
from keystead.owners.owner import OwnerWish
from keystead.policy.permissions import Permission
from keystead.policy.roles import Right
from keystead.policy.scopes import Access
from keystead.vault.folder import FolderWish
from tests.gate.houses import Home, at_home

if TYPE_CHECKING:
    from pathlib import Path


async def look(home: Home, token: Secret, house: House | None = None) -> str:
    try:
        await (house or home.house).gate.perform(whoami, Visit(home.arrival(token)))
    except Refused as refusal:
        return refusal.code
    return "ok"


async def reads(home: Home, token: Secret) -> int:
    before = home.house.database.statements
    assert await look(home, token) == "ok"
    return home.house.database.statements - before


def test_only_what_was_named_is_read_anew(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            app = await home.perform(create_owner, "application", OwnerWish(name="app"))
            other = await home.perform(create_owner, "application", OwnerWish(name="other"))
            a, first = await home.issue(owner_id=app.id)
            b, _ = await home.issue(owner_id=app.id)
            c, _ = await home.issue(owner_id=other.id)

            async def anew() -> list[bool]:
                return [bool(await reads(home, token)) for token in (a, b, c)]

            await anew()
            assert await anew() == [False, False, False]
            await home.perform(edit_credential, first.id, CredentialWish(description="x"))
            assert await anew() == [True, False, False]
            await home.perform(edit_owner, app.id, OwnerWish(email="a@example.com"))
            assert await anew() == [True, True, False]
            await home.perform(create_credential, "api_token", "static", None, wish("new"))
            assert await anew() == [False, False, False], "creation takes nothing away"
            await home.perform(store_secret, home.account_id, {"password": Secret("x")}, None)
            assert await anew() == [False, False, False], "a value is no right"
            await home.perform(edit_folder, home.folder_id, FolderWish(name="other"))
            assert await reads(home, a) == 2, "the folder tree and its grants, once for all"
            assert await reads(home, b) == 0

    asyncio.run(run())


def wish(name: str) -> CredentialWish:
    return CredentialWish(
        name=name, expires_at=None, access=(Access("keystead", (Permission.ACCOUNTS_LIST,)),)
    )


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (revoke_credential, "credential_revoked"),
        (disable_credential, "credential_disabled"),
        (delete_credential, "credential_revoked"),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_two_houses_on_one_directory_hear_of_each_other_at_once(
    tmp_path: Path, act: object, code: str
) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            neighbour = House(home.settings, home.clock)
            token, made = await home.issue()
            assert [await look(home, token), await look(home, token, neighbour)] == ["ok", "ok"]
            await home.perform(act, made.id)  # type: ignore[arg-type]
            assert await look(home, token, neighbour) == code
            assert await look(home, token) == code
            await neighbour.close()

    asyncio.run(run())


def test_a_grant_taken_away_next_door_closes_the_folder_here(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            neighbour = House(home.settings, home.clock)
            app = await home.perform(create_owner, "application", OwnerWish(name="app"))
            granted = {home.owner_id: Right.MANAGER, app.id: Right.USER}
            await home.perform(edit_folder, home.folder_id, FolderWish(grants=granted))
            token, _ = await home.issue(owner_id=app.id)

            async def fetch() -> str:
                try:
                    await neighbour.gate.perform(
                        fetch_secret, Visit(home.arrival(token)), home.account_id
                    )
                except Refused as refusal:
                    return refusal.code
                return "ok"

            assert await fetch() == "ok"
            left = {home.owner_id: Right.MANAGER}
            await home.perform(edit_folder, home.folder_id, FolderWish(grants=left))
            assert await fetch() == "not_found"
            await neighbour.close()

    asyncio.run(run())


def test_a_group_left_next_door_closes_the_folder_here(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            neighbour = House(home.settings, home.clock)
            apps = [
                await home.perform(create_owner, "application", OwnerWish(name=f"app {n}"))
                for n in range(130)
            ]
            group = await home.perform(
                create_group, GroupWish(name="ops", members=(apps[0].id, apps[1].id))
            )
            granted = {home.owner_id: Right.MANAGER, group.id: Right.USER}
            await home.perform(edit_folder, home.folder_id, FolderWish(grants=granted))
            token, _ = await home.issue(owner_id=apps[0].id)
            bystander, _ = await home.issue(owner_id=apps[1].id)

            async def fetch(asking: Secret) -> str:
                try:
                    await neighbour.gate.perform(
                        fetch_secret, Visit(home.arrival(asking)), home.account_id
                    )
                except Refused as refusal:
                    return refusal.code
                return "ok"

            async def change(wish: GroupWish) -> None:
                await home.perform(edit_group, group.id, wish)

            assert [await fetch(token), await fetch(bystander)] == ["ok", "ok"]
            known = neighbour.gate._freshness._known
            assert len(known) == 2
            await change(GroupWish(remove_members=(apps[0].id,)))
            assert await fetch(bystander) == "ok"
            assert len(known) == 1, "who stayed is still remembered"
            assert await fetch(token) == "not_found"
            await change(GroupWish(members=tuple(app.id for app in apps)))
            assert await fetch(token) == "ok"
            assert len(known) == 1, "of so many nobody is"
            await change(GroupWish(members=()))
            assert [await fetch(token), await fetch(bystander)] == ["not_found"] * 2
            await neighbour.close()

    asyncio.run(run())


def test_rights_of_what_is_not_remembered_are_not_remembered_either(tmp_path: Path) -> None:
    """Who left a group between being read and being judged would keep its rights for good."""

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            app = await home.perform(create_owner, "application", OwnerWish(name="app"))
            group = await home.perform(create_group, GroupWish(name="ops", members=(app.id,)))
            granted = {home.owner_id: Right.MANAGER, group.id: Right.USER}
            await home.perform(edit_folder, home.folder_id, FolderWish(grants=granted))
            token, _ = await home.issue(owner_id=app.id)
            memory = home.house.gate._freshness
            assert await look(home, token) == "ok"
            (stale,) = (known for known, _ in memory._known.values() if known.owner.id == app.id)
            await home.perform(edit_group, group.id, GroupWish(members=()))
            await memory.catch_up()
            assert home.folder_id in (await memory.caller(stale)).rights, "as it was read"
            assert await look(home, token) == "ok"
            (fresh,) = (known for known, _ in memory._known.values() if known.owner.id == app.id)
            assert (await memory.caller(fresh)).rights == {}

    asyncio.run(run())


def test_a_folder_made_next_door_is_known_here(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            neighbour = House(home.settings, home.clock)
            await neighbour.gate.perform(whoami, Visit(home.arrival()))
            made = await home.perform(create_folder, FolderWish(name="fresh"))
            inside = FolderWish(name="inside", parent_id=made.folder.id)
            placed = await neighbour.gate.perform(create_folder, Visit(home.arrival()), inside)
            assert placed.path == "fresh/inside"
            await neighbour.close()

    asyncio.run(run())


def test_memory_does_not_grow_with_credentials_that_come_and_go(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            memory = home.house.gate._freshness
            await look(home, home.token)
            before = len(memory._known), sum(map(len, memory._digests.values()))
            for _ in range(20):
                token, made = await home.issue(Permission.ACCOUNTS_LIST)
                assert await look(home, token) == "ok"
                await home.perform(delete_credential, made.id)
            await look(home, home.token)
            assert (len(memory._known), sum(map(len, memory._digests.values()))) == before

    asyncio.run(run())


def test_memory_starts_anew_at_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "_MOST", 5 * freshness._OF_EACH)

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            tokens = [(await home.issue(Permission.ACCOUNTS_LIST))[0] for _ in range(12)]
            for token in tokens * 2:
                assert await look(home, token) == "ok"
                assert len(home.house.gate._freshness._known) <= 5
                assert len(home.house.gate._freshness._digests) <= 6

    asyncio.run(run())


def test_what_an_owner_has_is_remembered_once_and_weighs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            memory = home.house.gate._freshness
            for n in range(3):
                await home.perform(create_owner, "application", OwnerWish(name=f"app {n}"))
            tokens = [await home.issue(Permission.ACCOUNTS_LIST) for _ in range(4)]
            assert [await look(home, token) for token, _ in tokens] == ["ok"] * 4
            held = [known for known, _ in memory._known.values()]
            assert {len(known.managed) for known in held} == {3}
            assert len({id(known.managed) for known in held}) == 1
            assert memory._weight == _weighed(memory)
            await home.perform(create_owner, "application", OwnerWish(name="app 3"))
            assert [await look(home, token) for token, _ in tokens] == ["ok"] * 4
            assert {len(known.managed) for known, _ in memory._known.values()} == {4}
            for _, made in tokens:
                await home.perform(revoke_credential, made.id)
            assert [await look(home, token) for token, _ in tokens] == ["credential_revoked"] * 4
            assert memory._weight == _weighed(memory)
            monkeypatch.setattr(freshness, "_MOST", memory._weight)
            token, _ = await home.issue(Permission.ACCOUNTS_LIST)
            assert await look(home, token) == "ok"
            assert len(memory._known) == 1
            assert memory._weight == _weighed(memory)

    asyncio.run(run())


def _weighed(memory: freshness.Freshness) -> int:
    own = sum(len(managed) + len(groups) for managed, groups in memory._own.values())
    rights = sum(map(len, memory._rights.values()))
    return len(memory._known) * freshness._OF_EACH + own + rights
