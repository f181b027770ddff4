"""Seal keys and peppers come and go while several nodes work on one PostgreSQL."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import asyncpg
import pytest

from keystead.core.arrival import Arrival, Presented, parse_address
from keystead.core.errors import KeysteadError
from keystead.credentials.wish import CredentialWish
from keystead.crypto.envelope import Place
from keystead.crypto.keyring import read_master_key
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.operations.credentials.credentials import create_credential
from keystead.operations.keys import retire_keys, rotate_key
from keystead.operations.owners.owners import create_owner
from keystead.operations.resealing import Resealing
from keystead.operations.signing_keys import ensure_signing_keys, published_keys
from keystead.operations.whoami import whoami
from keystead.owners.owner import OwnerWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Role
from keystead.policy.scopes import Access
from keystead.ports.keyring import KeyReplaced
from keystead.settings_file import MASTER_KEY
from keystead.upkeep import system_arrival
from tests.store.nodes import Nodes, nodes_on_one_server
from tests.store.servers import require_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from keystead.ports.store import Tx

pytestmark = pytest.mark.postgresql


@pytest.fixture(autouse=True)
def answers() -> None:
    require_server()


@asynccontextmanager
async def two(home: Path) -> AsyncIterator[tuple[Nodes, House, House]]:
    async with nodes_on_one_server(home, 0, 1) as nodes:
        house = nodes.houses[0]
        await house.gate.perform(ensure_signing_keys, Visit(system_arrival(nodes.clock)))
        yield nodes, house, nodes.houses[1]


async def rotate(nodes: Nodes, home: Path) -> int:
    master = read_master_key(home / MASTER_KEY)
    visit = Visit(system_arrival(nodes.clock))
    return await nodes.houses[0].gate.perform(rotate_key, visit, master, "seal")


def numbers(nodes: Nodes) -> list[int]:
    found = nodes.sql("SELECT n FROM keyring WHERE purpose = 'seal' ORDER BY n")
    return [row[0] for row in found]


def test_another_node_opens_what_the_new_key_has_sealed(tmp_path: Path) -> None:
    async def run() -> None:
        async with two(tmp_path) as (nodes, house, other):
            visit = Visit(system_arrival(nodes.clock))
            published = await other.gate.perform(published_keys, visit)
            assert len(published) == 3
            assert await rotate(nodes, tmp_path) == 2
            await house.keys.learn()
            walk = Resealing(house.store, house.keyring)
            await walk.run()
            assert walk.sealed == 3
            await house.gate.perform(retire_keys, visit)
            assert numbers(nodes) == [2]
            # It hears of it within two seconds, and asks before it says that something is broken.
            async with asyncio.timeout(10):
                while not await other.gate.perform(published_keys, visit):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert all(report.intact for report in nodes.verify())

    asyncio.run(run())


def test_a_rotation_waits_for_what_the_old_key_seals_and_refuses_what_comes_later(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with two(tmp_path) as (nodes, _, other):
            sealer = other.keyring.sealer
            begun, go_on = asyncio.Event(), asyncio.Event()
            finished: list[str] = []
            end = other.store._writer._end_group  # type: ignore[attr-defined]

            async def slow_end() -> None:
                # Behind the look at the key, before the commit.
                await end()
                begun.set()
                await go_on.wait()

            async def seals(tx: Tx) -> bytes:
                await tx.keyring.count(1, 1)
                return sealer.seal(Place("t", "r", "c", 1), b"value")

            other.store._writer._end_group = slow_end  # type: ignore[attr-defined]
            sealing = asyncio.create_task(other.store.act(seals))
            await begun.wait()
            rotating = asyncio.create_task(rotate(nodes, tmp_path))
            rotating.add_done_callback(lambda _: finished.append("rotated"))
            sealing.add_done_callback(lambda _: finished.append("sealed"))
            await asyncio.sleep(0.3)
            assert finished == [], "it waits for the one that has begun"
            go_on.set()
            await sealing
            assert await rotating == 2
            assert finished == ["sealed", "rotated"]
            with pytest.raises(KeyReplaced):
                await other.store.act(seals)
            assert nodes.sql("SELECT seals FROM keyring WHERE n = 1 AND purpose = 'seal'") == [(1,)]

    asyncio.run(run())


def test_two_rotations_at_once_make_one_key_each(tmp_path: Path) -> None:
    async def run() -> None:
        async with two(tmp_path) as (nodes, _, _):
            asked = [rotate(nodes, tmp_path) for _ in range(2)]
            done = await asyncio.gather(*asked, return_exceptions=True)
            made = [n for n in done if isinstance(n, int)]
            assert all(isinstance(n, int | KeysteadError) for n in done)
            assert numbers(nodes) == [1, *sorted(made)]
            live = nodes.sql(
                "SELECT n FROM keyring WHERE purpose = 'seal' AND superseded_at IS NULL"
            )
            assert live == [(max(made),)]

    asyncio.run(run())


def test_a_token_of_a_new_pepper_is_good_at_another_node_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with two(tmp_path) as (nodes, house, other):
            visit = Visit(system_arrival(nodes.clock))
            wish = OwnerWish(name="a", login="a", roles=(Role.ADMINISTRATOR,))
            owner = await house.gate.perform(create_owner, visit, "user", wish)
            master = read_master_key(tmp_path / MASTER_KEY)
            access = (Access(KEYSTEAD_API, (Permission.ACCOUNTS_LIST,)),)
            wanted = CredentialWish(name="t", access=access, expires_at=None)
            for n in (2, 3, 4):
                await house.gate.perform(rotate_key, visit, master, "pepper")
                await house.keys.learn()
                asked = replace(wanted, name=f"t{n}")
                issued = await house.gate.perform(
                    create_credential, visit, "api_token", "static", owner.id, asked
                )
                arrival = Arrival(
                    Presented(issued.secret, "bearer"),
                    parse_address("127.0.0.1"),
                    "socket",
                    nodes.clock.now(),
                    "req_1",
                )
                found = await other.gate.perform(whoami, Visit(arrival))
                assert found.known.secret.pepper_n == n

    asyncio.run(run())


def test_settled_keys_wait_for_a_commit_that_nobody_hears_of(tmp_path: Path) -> None:
    """Else a start might remove the file of a key that is just coming into force."""

    async def run() -> None:
        async with two(tmp_path) as (nodes, _, _):
            connection = await asyncpg.connect(nodes.url)
            try:
                await connection.execute("BEGIN")
                await connection.execute("UPDATE installation SET master_key_id = 'deadbeef'")
                asked = asyncio.create_task(asyncio.to_thread(nodes.engine.keys, settled=True))
                hurried = await asyncio.to_thread(nodes.engine.keys)
                assert hurried.key_id != "deadbeef"
                await asyncio.sleep(0.3)
                assert not asked.done()
                await connection.execute("COMMIT")
                assert (await asked).key_id == "deadbeef"
            finally:
                await connection.close()

    asyncio.run(run())
