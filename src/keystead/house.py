"""The house behind the doors: one process's store, gate and upkeep, wired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.gate.callers.freshness import Freshness
from keystead.gate.gate import Gate
from keystead.gate.pool import SlowPool
from keystead.store.leader import Leader
from keystead.store.opening import engine_of, open_keyring
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
        self.keyring = open_keyring(engine, settings.master_key_file)
        self.database = engine.open(self.keyring)
        self.store, self.counts = self.database.store, self.database.counts
        memory = Freshness(self.store, self.database.listen())
        self.pool = SlowPool()
        self.leader = Leader(settings.data)
        self.gate = Gate(self.store, memory, self.keyring, self.pool)
        self.upkeep = Upkeep(self.gate, self.store, self.counts, self.leader, clock)

    async def close(self) -> None:
        """Write what is counted, finish waiting acts, close the files."""
        await self.upkeep.end()
        self.pool.close()
        self.leader.close()
        await self.database.close()
        self._presence.close()
