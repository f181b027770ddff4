"""How much a look at an API's holders goes through, and how many APIs there may be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from keystead.core.errors import Conflict
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.operations.catalogue.apis import create_api, list_apis
from keystead.operations.catalogue.changes import delete_api, edit_api, preview_delete
from keystead.operations.catalogue.effects import MAX_LOOKED_AT
from keystead.operations.catalogue.rules import (
    MAX_APIS_IN_ALL,
    MAX_APIS_OF_OWNER,
    MAX_SCOPES_IN_ALL,
    MAX_SCOPES_OF_OWNER,
)
from keystead.operations.owners.owners import create_owner
from keystead.operations.vault import folders
from keystead.operations.vault.folders import create_folder
from keystead.operations.whoami import whoami
from keystead.owners.owner import OwnerWish
from keystead.policy.catalogue.catalogue import Action, Group, Resource
from keystead.policy.catalogue.wish import MAX_SCOPES_OF_API, APIWish
from keystead.policy.scopes import Access
from keystead.ports.paging import PageRequest
from keystead.vault.folder import FolderWish
from tests.gate.houses import Home, at_home
from tests.store.records import make_api, make_credential, make_secret

if TYPE_CHECKING:
    from pathlib import Path

    from keystead.policy.catalogue.catalogue import API, APIs
    from keystead.ports.store import Tx

numbers = count()

FULL = (
    Group("g", tuple(Resource(f"r{j}", (Action("read"), Action("create"))) for j in range(500))),
)


async def keep(home: Home, *apis: API) -> None:
    """Put APIs into the store, beside the verb and what it bounds."""

    async def put(tx: Tx) -> None:
        for api in apis:
            await tx.apis.insert(api)

    await home.house.store.act(put)
    await home.perform(whoami)


def test_a_look_at_more_holders_than_it_goes_through_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            api = make_api(owner_id=home.owner_id)
            await keep(home, api)
            access = (Access(api.identifier, ("scan:read",)),)

            async def give(tx: Tx, count: int) -> None:
                for _ in range(count):
                    made = make_credential(home.owner_id, access=access)
                    await tx.credentials.insert(made, make_secret())

            await home.house.store.act(lambda tx: give(tx, MAX_LOOKED_AT))
            found = await home.perform(preview_delete, api.id, PageRequest(1))
            assert (found.credentials, found.losing, found.complete) == (10_000, 10_000, True)
            await home.house.store.act(lambda tx: give(tx, 1))
            found = await home.perform(preview_delete, api.id, PageRequest(1))
            assert (found.credentials, found.losing, found.complete) == (10_000, 10_000, False)

    asyncio.run(run())


def test_what_changes_next_door_is_read_anew_and_the_others_are_not(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            one, other, third = (make_api(owner_id=home.owner_id) for _ in range(3))
            await keep(home, one, other, third)
            neighbour = House(home.settings, home.clock)

            async def known() -> APIs:
                await neighbour.gate.perform(whoami, Visit(home.arrival()))
                return await neighbour.gate._freshness.apis()

            before = await known()
            assert await known() is before
            await home.perform(edit_api, one.id, APIWish(name="changed"))
            await home.perform(delete_api, third.id)
            wish = APIWish(identifier="https://new.example", name="new")
            made = await home.perform(create_api, wish)
            after = await known()
            assert after.of_id(other.id) is before.of_id(other.id)
            changed, new = after.of_id(one.id), after.find("https://new.example")
            assert changed is not None
            assert changed.name == "changed"
            assert new == made
            assert after.of_id(third.id) is after.find(third.identifier) is None
            assert [api.identifier for api in after].count("keystead") == 1
            # Of many that have changed all are read, at once.
            many = [make_api(owner_id=home.owner_id) for _ in range(20)]
            await keep(home, *many)
            assert {api.id for api in many} < {api.id for api in await known()}
            await neighbour.close()

    asyncio.run(run())


def test_an_installation_has_so_many_apis_and_no_more(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            owner = home.owner_id
            apis = [make_api(owner_id=owner, groups=()) for _ in range(MAX_APIS_IN_ALL - 1)]
            await keep(home, *apis)
            last = await home.perform(create_api, APIWish(identifier="https://a.example", name="a"))
            with pytest.raises(Conflict, match="wrong_state"):
                await home.perform(create_api, APIWish(identifier="https://b.example", name="b"))
            assert (await home.perform(edit_api, last.id, APIWish(name="b"))).api.name == "b"
            page = await home.perform(list_apis, None, None, PageRequest(200))
            assert (len(page.items), page.next is not None) == (200, True)

    asyncio.run(run())


def test_an_installation_has_so_many_scopes_and_no_more(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            full = MAX_SCOPES_IN_ALL // MAX_SCOPES_OF_API
            apis = [make_api(owner_id=home.owner_id, groups=FULL) for _ in range(full)]
            await keep(home, *apis)
            some = APIWish(identifier="https://a.example", name="a", groups=apis[0].groups)
            with pytest.raises(Conflict, match="wrong_state"):
                await home.perform(create_api, some)
            fewer = APIWish(groups=(Group("g", FULL[0].resources[:499]),))
            await home.perform(edit_api, apis[0].id, fewer)
            few = APIWish(identifier="https://a.example", name="a", groups=make_api().groups)
            await home.perform(create_api, few)
            with pytest.raises(Conflict, match="wrong_state"):
                await home.perform(edit_api, apis[0].id, APIWish(groups=FULL))

    asyncio.run(run())


def test_an_owner_has_so_many_apis_and_scopes_and_others_have_room(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            app = await home.perform(create_owner, "application", OwnerWish(name="app"))
            token, _ = await home.issue(owner_id=app.id)

            async def register(owner_id: str, **more: Any) -> None:  # noqa: ANN401
                name = f"api {next(numbers)}"
                wish = APIWish(identifier=f"https://{name}".replace(" ", "-"), name=name, **more)
                await home.house.gate.perform(
                    create_api, Visit(home.arrival(token if owner_id == app.id else None)), wish
                )

            full = MAX_SCOPES_OF_OWNER // MAX_SCOPES_OF_API
            apis = [make_api(owner_id=app.id, groups=FULL) for _ in range(full)]
            await keep(home, *apis)
            with pytest.raises(Conflict, match="wrong_state"):
                await register(app.id, groups=make_api().groups)
            more = [make_api(owner_id=app.id, groups=()) for _ in range(MAX_APIS_OF_OWNER - 1)]
            await keep(home, *more[full:])
            await register(app.id)
            with pytest.raises(Conflict, match="wrong_state"):
                await register(app.id)
            await register(home.owner_id, groups=make_api().groups)

    asyncio.run(run())


def test_an_installation_has_so_many_folders_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MAX_FOLDERS", 3)

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            await home.perform(create_folder, FolderWish(name="second"))
            inside = FolderWish(name="third", parent_id=home.folder_id)
            await home.perform(create_folder, inside)
            for wish in (FolderWish(name="fourth"), replace(inside, name="fourth")):
                with pytest.raises(Conflict, match="wrong_state"):
                    await home.perform(create_folder, wish)

    asyncio.run(run())
