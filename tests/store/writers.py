"""What one writing process of several does; started by `test_processes.py` in a process of its own."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from keystead.crypto.keyring import read_master_key
from keystead.settings_file import MASTER_KEY
from keystead.store.sqlite.store import SQLiteStore
from tests.store.installations import open_keyring
from tests.store.records import enter, make_owner

if TYPE_CHECKING:
    from keystead.ports.store import Tx

__all__ = ["write_owners"]

AT_ONCE = 4


def write_owners(data: str, name: str, acts: int) -> float:
    """Write so many owners, several at once; return the longest wait in seconds."""
    return asyncio.run(_write(Path(data), name, acts))


async def _write(data: Path, name: str, acts: int) -> float:
    store = SQLiteStore(data, open_keyring(data, read_master_key(data / MASTER_KEY)).audit)
    waits: list[float] = []

    async def client(number: int) -> None:
        for i in range(acts // AT_ONCE):
            owner = make_owner(name=f"{name} {number} {i}")

            async def work(tx: Tx) -> None:
                await tx.owners.insert(owner, None)  # noqa: B023  # awaited within its turn
                await enter(tx, f"created {owner.id}")  # noqa: B023

            began = time.monotonic()
            await store.act(work)
            waits.append(time.monotonic() - began)

    try:
        await asyncio.gather(*(client(number) for number in range(AT_ONCE)))
    finally:
        await store.close()
    return max(waits)
