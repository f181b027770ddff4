"""What a process that serves does by itself: it counts, cleans up, joins and cuts chains, and tends keys."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from keystead.audit.cuts import NotCut, NothingToCut
from keystead.audit.joins import NothingToJoin
from keystead.core.arrival import Arrival
from keystead.core.errors import KeysteadError
from keystead.gate.ended import forget_ended
from keystead.gate.visit import Visit
from keystead.operations.cuts import cut_audit
from keystead.operations.joins import join_chains
from keystead.operations.signing_keys import (
    NothingToDo,
    destroy_ended_keys,
    ensure_signing_keys,
    published_keys,
)
from keystead.web.present import new_request_id

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from keystead.core.clock import Clock
    from keystead.gate.gate import Gate
    from keystead.operations.key_upkeep import KeyUpkeep
    from keystead.ports.store import Store
    from keystead.ports.usage import UsageRecords
    from keystead.store.leader import Leader

__all__ = ["Upkeep", "system_arrival"]

T = TypeVar("T")

_ROWS_AT_ONCE: Final = 500
"""Counts that are put into longer periods in one transaction."""

_ROUNDS: Final = 100
"""Of those in one minute."""

_LOG: Final = logging.getLogger("keystead")


def system_arrival(clock: Clock) -> Arrival:
    """Return the arrival of the house's own work."""
    return Arrival("system", None, "", clock.now(), new_request_id())


class Upkeep:
    """One process's."""

    def __init__(
        self,
        gate: Gate,
        store: Store,
        counts: UsageRecords,
        leader: Leader,
        keys: KeyUpkeep,
        clock: Clock,
        *,
        every: float = 1.0,
        turns: int = 60,
    ) -> None:
        """Belong to a process.

        Args:
            gate: through which the house asks like anybody.
            store: where what has ended is deleted.
            counts: where uses are counted.
            leader: says whether this process does what one of its node is enough for.
            keys: tends the keyring.
            clock: by which things end.
            every: so many seconds counts are flushed.
            turns: after so many flushes all else is done.
        """
        self._gate = gate
        self._store = store
        self._counts = counts
        self._leader = leader
        self._keys = keys
        self._clock = clock
        self._every = every
        self._turns = turns

    async def go_on(self) -> None:
        """Flush counts each second; each minute tell of refusals, clean up, and the like; until cancelled."""
        turn, left = 0, False
        while True:
            await asyncio.sleep(self._every)
            turn += 1
            await _tried(self._gate.usage.flush(self._counts))
            if left or turn % self._turns == 0:
                left = bool(await _tried(self.forget_ended()))
            if turn % self._turns == 0:
                await _tried(self._gate.summarise(system_arrival(self._clock)))
                await _tried(self.join())
                await _tried(self.tend_signing_keys())
                await _tried(self._keys.tend(system_arrival(self._clock)))
                await _tried(self.cut())
                await _tried(self.roll_counts())

    async def forget_ended(self) -> bool:
        """Delete what has ended, if this process of its node does so; say whether more is left."""
        return self._leader.leads() and await forget_ended(self._store, self._clock.now())

    async def roll_counts(self) -> None:
        """Put old minutes into hours and old hours into days, if this process of its node does so."""
        for _ in range(_ROUNDS):
            if not self._leader.leads():
                return
            if await self._counts.roll(self._clock.now(), _ROWS_AT_ONCE) < _ROWS_AT_ONCE:
                return

    async def join(self) -> None:
        """Enter what other nodes' chains have come to, if this is the process of its node that does so."""
        if not self._leader.leads():
            return
        with contextlib.suppress(NothingToJoin):
            await self._gate.perform(join_chains, Visit(system_arrival(self._clock)))

    async def cut(self) -> None:
        """Cut off the node's chain what is not kept any longer, if this process of its node does so."""
        if not self._leader.leads():
            return
        try:
            await self._gate.perform(cut_audit, Visit(system_arrival(self._clock)))
        except NothingToCut:
            pass
        except NotCut as error:
            _LOG.critical("%s", error)

    async def tend_signing_keys(self) -> None:
        """Make the keys that are missing, destroy those that have ended, and forget what they were."""
        with contextlib.suppress(NothingToDo):
            await self._gate.perform(ensure_signing_keys, Visit(system_arrival(self._clock)))
        if self._leader.leads():
            with contextlib.suppress(NothingToDo):
                await self._gate.perform(destroy_ended_keys, Visit(system_arrival(self._clock)))
        await self._gate.perform(published_keys, Visit(system_arrival(self._clock)))

    async def end(self) -> None:
        """Tell of the last refusals, and write what is counted."""
        with contextlib.suppress(KeysteadError):
            await self._gate.summarise(system_arrival(self._clock))
        await self._keys.close()
        try:
            await self._gate.usage.flush(self._counts)
        except Exception as error:  # noqa: BLE001  # a database that is gone is no reason not to end
            _LOG.error("the last counts are lost: %s", type(error).__name__)


async def _tried(step: Awaitable[T]) -> T | None:
    """Return what a step does; where it fails, say so and let the others go on. The next turn tries again."""
    try:
        return await step
    except Exception as error:  # noqa: BLE001  # as it says
        _LOG.error("upkeep: %s", type(error).__name__)  # no values
        return None
