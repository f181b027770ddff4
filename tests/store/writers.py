"""What one writing process of several does; started by `test_processes.py` in a process of its own."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keystead.crypto.keyring import Keyring, read_master_key
from keystead.settings_file import MASTER_KEY
from keystead.store.postgres.engine import PostgresEngine
from keystead.store.sqlite.engine import SQLiteEngine
from tests.store.records import enter, make_owner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from keystead.ports.store import Store, Tx
    from keystead.store.engine import Engine

__all__ = ["Kept", "write_owners", "write_until_killed"]

AT_ONCE = 4


class Kept(NamedTuple):
    """Where an installation is kept, for processes that find it by that: on a server, if it has a `url`."""

    data: str
    url: str = ""

    def engine(self) -> Engine:
        data = Path(self.data)
        return PostgresEngine(data, self.url, 0) if self.url else SQLiteEngine(data)

    def keyring(self) -> Keyring:
        found = self.engine().keys()
        return Keyring.open(found.keys, read_master_key(Path(self.data) / MASTER_KEY), found.key_id)


def write_owners(kept: Kept, name: str, acts: int) -> float:
    """Write so many owners, several at once; return the longest wait in seconds."""
    return asyncio.run(_write(kept, name, acts))


def write_until_killed(kept: Kept, name: str, told: str) -> None:
    """Write owners, several at once; put the id of each into a file as soon as it is kept."""
    asyncio.run(_write_on(kept, name, told))


@asynccontextmanager
async def _opened(kept: Kept) -> AsyncIterator[Store]:
    database = kept.engine().open(kept.keyring())
    await database.start()
    try:
        yield database.store
    finally:
        await database.close()


def _act(name: str) -> tuple[str, Callable[[Tx], Awaitable[None]]]:
    owner = make_owner(name=name)

    async def work(tx: Tx) -> None:
        await tx.owners.insert(owner, None)
        await enter(tx, f"created {owner.id}")

    return owner.id, work


async def _write(kept: Kept, name: str, acts: int) -> float:
    waits: list[float] = []
    async with _opened(kept) as store:

        async def client(number: int) -> None:
            for i in range(acts // AT_ONCE):
                _, work = _act(f"{name} {number} {i}")
                began = time.monotonic()
                await store.act(work)
                waits.append(time.monotonic() - began)

        await asyncio.gather(*(client(number) for number in range(AT_ONCE)))
    return max(waits)


async def _write_on(kept: Kept, name: str, told: str) -> None:
    # Unbuffered: what was written is there, whatever becomes of this process.
    file = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    async with _opened(kept) as store:

        async def client(number: int) -> None:
            for i in count():
                owner_id, work = _act(f"{name} {number} {i}")
                await store.act(work)
                os.write(file, f"{owner_id}\n".encode())

        await asyncio.gather(*(client(number) for number in range(AT_ONCE)))
