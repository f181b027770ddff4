"""Rotating the keys that a master key wraps, by commands on the data directory, while its servers run."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from keystead.core.clock import SystemClock
from keystead.core.errors import Misconfigured
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.installation import installed
from keystead.operations.keys import NothingToRetire, retire_keys
from keystead.operations.keys import rotate_key as replace_key
from keystead.operations.resealing import Resealing
from keystead.settings import read_settings
from keystead.store.opening import open_keys
from keystead.store.schema.revisions import HEAD
from keystead.upkeep import system_arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from keystead.crypto.keyring import WrappedKey
    from keystead.ports.keyring import Purpose
    from keystead.settings import Settings
    from keystead.store.engine import Engine

__all__ = ["LetGo", "in_house", "let_go", "list_keys", "rotate_key", "up_to_date"]

T = TypeVar("T")

_HEARD_SECONDS: Final = 3.0


def rotate_key(data: Path, purpose: Purpose) -> int:
    """Let a new key take the place of the newest seal key or pepper; return its number.

    Servers hear of it as of every change. What the old key has made stays good.

    Raises:
        Misconfigured: the master key does not open the keyring.
        Conflict: another rotation was first.
    """
    settings = read_settings(data)
    master, _ = open_keys(up_to_date(settings), data, settings.master)
    return asyncio.run(
        in_house(
            settings, lambda house, visit: house.gate.perform(replace_key, visit, master, purpose)
        )
    )


class LetGo(NamedTuple):
    """What has become of replaced keys.

    Attributes:
        sealed: how many values were sealed anew.
        broken: how many do not open, and keep their key.
        left: the replaced keys that are still needed, such as `pepper_1`.
    """

    sealed: int
    broken: int
    left: tuple[str, ...]


def let_go(data: Path, tell: Callable[[int], None]) -> LetGo:
    """Seal anew what replaced keys have sealed, and remove the keys that nothing needs any more.

    The servers' own upkeep does the same, beside all else.

    Raises:
        Misconfigured: the master key does not open the keyring.
        Unavailable: the store takes nothing; the next call goes on there.
    """
    settings = read_settings(data)
    up_to_date(settings)

    async def work(house: House, visit: Visit) -> LetGo:
        if house.keyring.superseded:
            # A node trusts what it knows for two seconds, and opens nothing of a key that it does not know.
            await asyncio.sleep(_HEARD_SECONDS)
        walk = Resealing(house.store, house.keyring)
        await walk.run(tell)
        with suppress(NothingToRetire):
            await house.gate.perform(retire_keys, visit)
        await house.keys.learn()
        left = tuple(f"{purpose}_{n}" for purpose, n in house.keyring.superseded)
        return LetGo(walk.sealed, walk.broken, left)

    return asyncio.run(in_house(settings, work))


def list_keys(data: Path) -> Sequence[WrappedKey]:
    """Return the keyring as it is kept, wrapped."""
    return installed(read_settings(data)).keys().keys


async def in_house(settings: Settings, work: Callable[[House, Visit], Awaitable[T]]) -> T:
    """Do something as one more process of the installation, in the house's own name."""
    clock = SystemClock()
    house = House(settings, clock)
    try:
        await house.database.start()
        return await work(house, Visit(system_arrival(clock)))
    finally:
        await house.close()


def up_to_date(settings: Settings) -> Engine:
    """Return the engine of an installation whose database is in this version's form.

    Raises:
        Misconfigured: there is none, or it is in an older form.
    """
    engine = installed(settings)
    if engine.schema() != HEAD:
        raise Misconfigured(
            "The database is in an older form; the next start of a server of this version changes it."
        )
    return engine
