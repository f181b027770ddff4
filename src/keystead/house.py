"""The house behind the doors: one process's store, gate and upkeep, wired."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from keystead.gate.callers.freshness import Freshness
from keystead.gate.gate import Gate
from keystead.gate.keys import Keys
from keystead.gate.pool import SlowPool
from keystead.operations.key_upkeep import KeyUpkeep
from keystead.store.leader import Leader
from keystead.store.opening import engine_of, master_of, open_keys
from keystead.store.presence import Presence
from keystead.upkeep import Upkeep

if TYPE_CHECKING:
    from keystead.core.clock import Clock
    from keystead.settings import Settings

__all__ = ["House"]


class House:
    """One process's rooms."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open a data directory whose schema is up to date.

        Raises:
            Misconfigured: the master key is missing or another one's, or the installation is being moved.
        """
        self.clock = clock
        self._presence = Presence(settings.data)
        engine = engine_of(settings.data, settings.database_url, settings.node)
        master, self.keyring = open_keys(engine, settings.data, settings.master)
        self.database = engine.open(self.keyring)
        self.store, self.counts = self.database.store, self.database.counts
        self.keys = Keys(self.store, self.keyring, master, partial(master_of, settings.master))
        memory = Freshness(self.store, self.database.listen(), self.keys.learn)
        self.pool = SlowPool()
        self.leader = Leader(settings.data)
        self.gate = Gate(self.store, memory, self.keyring, self.pool)
        self.key_upkeep = KeyUpkeep(self.keys, self.store, self.gate, self.leader.leads)
        self.upkeep = Upkeep(
            self.gate, self.store, self.counts, self.leader, self.key_upkeep, clock
        )

    async def close(self) -> None:
        """Write what is counted, finish waiting acts, close the files."""
        await self.upkeep.end()
        self.pool.close()
        self.leader.close()
        await self.database.close()
        self._presence.close()
