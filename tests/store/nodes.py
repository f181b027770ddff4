"""Several nodes on one PostgreSQL, each a house inside the test's own process, with one clock."""

from __future__ import annotations

import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystead.crypto.keyring import Keyring, create_master_key, new_keyring
from keystead.house import House
from keystead.settings import Settings
from keystead.settings_file import MASTER_KEY
from keystead.store.chains import verify_chains
from keystead.store.postgres.engine import PostgresEngine
from tests.gate.houses import SetClock
from tests.store.records import NOON, enter
from tests.store.servers import own_schema, sql_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path
    from typing import Any

    from keystead.audit.chain import SignedHead
    from keystead.audit.findings import Report

__all__ = ["Nodes", "nodes_on_one_server"]


@dataclass(slots=True)
class Nodes:
    """Nodes by number, and what stands beside them."""

    url: str
    engine: PostgresEngine
    keyring: Keyring
    houses: dict[int, House]
    clock: SetClock

    async def write(self, node: int, *verbs: str) -> None:
        """Enter some acts at a node, each at an instant of its own."""
        for verb in verbs:
            self.clock.go_on(1)
            at = self.clock.now()
            await self.houses[node].store.act(lambda tx, v=verb, at=at: enter(tx, v, at=at))  # type: ignore[misc]

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return sql_of(self.url, statement, *values)

    def verify(self, checkpoints: Iterable[SignedHead] = ()) -> list[Report]:
        return verify_chains(self.engine, self.keyring.audit, checkpoints)


@asynccontextmanager
async def nodes_on_one_server(home: Path, *numbers: int) -> AsyncIterator[Nodes]:
    """Found an installation and start these nodes of it; they do no upkeep of their own."""
    clock = SetClock()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(own_schema())
        master = create_master_key(home / MASTER_KEY)
        keys = new_keyring(master)
        keyring = Keyring.open(keys, master, master.key_id)
        houses: dict[int, House] = {}
        engine = PostgresEngine(home, url, numbers[-1])
        for number in numbers:
            data = home / str(number)
            data.mkdir()
            shutil.copy(home / MASTER_KEY, data)
            of_node = PostgresEngine(data, url, number)
            if not houses:
                with of_node.founding("org_test", master, keys, NOON):
                    pass
            else:
                with of_node.joining(keyring.audit) as joined:
                    assert joined == number
            settings = Settings(data, data / MASTER_KEY, database_url=url, node=number)
            house = houses[number] = House(settings, clock)
            await house.database.start()
            stack.push_async_callback(house.close)
        yield Nodes(url, engine, keyring, houses, clock)
