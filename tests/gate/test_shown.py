"""What somebody was shown is answered out of memory as well, and nobody is refused by that alone."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from keystead.core.arrival import Presented
from keystead.core.clock import SECOND
from keystead.credentials.wish import CredentialWish
from keystead.crypto.token_format import public_id
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.operations.catalogue.apis import create_api
from keystead.operations.credentials import credentials
from keystead.operations.credentials.verification import Shown, verify
from keystead.operations.oauth.introspection import introspect_token
from keystead.operations.whoami import whoami
from keystead.policy.catalogue.catalogue import Action, Group, Resource
from keystead.policy.catalogue.wish import APIWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.scope_expression import demand_of
from keystead.policy.scopes import Access
from tests.assertions import client_pair, set_of
from tests.gate.houses import Home, at_home, at_home_on_postgresql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from keystead.core.secret import Secret

    Place = Callable[[Path], AbstractAsyncContextManager[Home]]

PLACES = pytest.mark.parametrize("place", [at_home, at_home_on_postgresql])


async def told(home: Home, house: House, token: Secret, *demanded: str) -> tuple[str, bool]:
    """Return what verification and introspection say of a token in a house."""
    demand = demand_of(" ".join(demanded)) if demanded else None
    shown = Shown(token=token, audience=KEYSTEAD_API, demand=demand)
    verdict = await house.gate.perform(verify, Visit(home.arrival()), shown)
    found = await house.gate.perform(introspect_token, Visit(home.arrival()), token, None)
    return verdict.code, found is not None


@asynccontextmanager
async def next_door(home: Home) -> AsyncIterator[House]:
    """Serve the same installation from a second house."""
    house = House(home.settings, home.clock)
    try:
        await house.database.start()
        yield house
    finally:
        await house.close()


async def heard(home: Home, house: House) -> None:
    """Let a house hear of what was changed elsewhere, as it would within a moment."""
    house.gate._freshness._feed.doubt()
    await house.gate.perform(whoami, Visit(home.arrival()))


def test_a_token_shown_again_is_not_read_again(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, _ = await home.issue(Permission.ACCOUNTS_LIST)

            async def cost() -> int:
                before = home.house.database.statements
                await home.house.gate.perform(introspect_token, Visit(home.arrival()), token, None)
                return home.house.database.statements - before

            await cost()
            assert await cost() == 0

    asyncio.run(run())


@PLACES
def test_what_a_neighbour_takes_and_gives_is_known_at_the_next_showing(
    tmp_path: Path, place: Place
) -> None:
    async def run() -> None:
        async with place(tmp_path / "data") as home, next_door(home) as neighbour:
            token, made = await home.issue(Permission.ACCOUNTS_LIST)
            good, bad = ("VALID", True), ("DISABLED", False)
            assert await told(home, home.house, token) == good
            assert await told(home, neighbour, token) == good
            for _ in range(3):
                await home.perform(credentials.disable_credential, made.id)
                assert await told(home, home.house, token) == bad
                await heard(home, neighbour)
                assert await told(home, neighbour, token) == bad
                await home.perform(credentials.enable_credential, made.id)
                assert await told(home, neighbour, token) == good

    asyncio.run(run())


@PLACES
def test_what_a_neighbour_adds_is_held_at_the_next_showing(tmp_path: Path, place: Place) -> None:
    async def run() -> None:
        async with place(tmp_path / "data") as home, next_door(home) as neighbour:
            token, made = await home.issue(Permission.ACCOUNTS_LIST)
            wanted = Permission.ACCOUNTS_EDIT
            lacks = ("INSUFFICIENT_SCOPE", True)
            assert await told(home, neighbour, token, wanted) == lacks
            more = (Access(KEYSTEAD_API, (Permission.ACCOUNTS_LIST, wanted)),)
            await home.perform(credentials.edit_credential, made.id, CredentialWish(access=more))
            assert await told(home, neighbour, token, wanted) == ("VALID", True)

    asyncio.run(run())


@PLACES
def test_an_api_that_a_neighbour_registers_is_one_at_the_next_showing(
    tmp_path: Path, place: Place
) -> None:
    """The token is new too, and read; what it is judged by is remembered."""

    async def run() -> None:
        async with place(tmp_path / "data") as home, next_door(home) as neighbour:
            token, _ = await home.issue(Permission.ACCOUNTS_LIST)
            assert await told(home, neighbour, token) == ("VALID", True)
            scan = Group("all", (Resource("scan", (Action("read"),)),))
            wish = APIWish(identifier="https://scans.example", name="Scans", groups=(scan,))
            await home.perform(create_api, wish)
            access = Access("https://scans.example", ("scan:read",))
            fresh, _ = await home.issue(access=(access,))
            shown = Shown(token=fresh, audience="https://scans.example")
            verdict = await neighbour.gate.perform(verify, Visit(home.arrival()), shown)
            assert verdict.code == "VALID"

    asyncio.run(run())


@PLACES
def test_who_signs_asks_once_whatever_a_neighbour_has_changed(tmp_path: Path, place: Place) -> None:
    """His assertion is used up by the asking, so that it could not be asked once more."""

    async def run() -> None:
        async with place(tmp_path / "data") as home, next_door(home) as neighbour:
            token, made = await home.issue(Permission.ACCOUNTS_LIST)
            pair = client_pair()
            wish = CredentialWish(
                name="asker",
                expires_at=None,
                access=(Access(KEYSTEAD_API, (Permission.TOKENS_VERIFY,)),),
                public_jwks=set_of(pair),
            )
            issued = await home.perform(
                credentials.create_credential, "oauth_client", "static", home.owner_id, wish
            )
            name = public_id("c", issued.listed.credential.id12)

            async def ask(number: int) -> bool:
                ends = home.clock.at // SECOND + 60
                claims = {"iss": name, "sub": name, "aud": "https://here.example", "exp": ends}
                signed = pair.assertion({**claims, "jti": f"asking {number}"})
                proof = Presented(signed, "private_key_jwt", name, "https://here.example")
                visit = Visit(home.arrival(presented=proof))
                return (
                    await neighbour.gate.perform(introspect_token, visit, token, None) is not None
                )

            assert await ask(1)
            for number in range(2, 10, 2):
                await home.perform(credentials.disable_credential, made.id)
                assert not await ask(number)
                await home.perform(credentials.enable_credential, made.id)
                assert await ask(number + 1)

    asyncio.run(run())
