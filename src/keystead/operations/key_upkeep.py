"""What a process does for the house's own keys by itself, each minute. Row K20."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from keystead.core.errors import KeysteadError
from keystead.gate.visit import Visit
from keystead.operations.keys import NothingToRetire, retire_keys
from keystead.operations.resealing import Resealing

if TYPE_CHECKING:
    from collections.abc import Callable

    from keystead.core.arrival import Arrival
    from keystead.gate.gate import Gate
    from keystead.gate.keys import Keys
    from keystead.ports.store import Store

__all__ = ["KeyUpkeep"]

_LOG: Final = logging.getLogger("keystead.keys")


class KeyUpkeep:
    """One process's."""

    def __init__(
        self,
        keys: Keys,
        store: Store,
        gate: Gate,
        leads: Callable[[], bool],
    ) -> None:
        """Look after a keyring; of a node's processes one `leads`."""
        self._keys = keys
        self._keyring = keys.keyring
        self._store = store
        self._gate = gate
        self._leads = leads
        self._letting_go: asyncio.Task[None] | None = None
        self._seen: list[tuple[str, int]] = []

    async def tend(self, arrival: Arrival) -> None:
        """Count what was sealed, read the keyring anew, and begin to let go of keys that were replaced.

        Raises:
            Unavailable: the store does not answer.
        """
        await self._keys.count()
        await self._keys.learn()
        # A node that has not heard of a new key yet opens nothing of it; in a minute every one has.
        known, self._seen = self._seen, list(self._keyring.superseded)
        if known and known == self._seen and self._leads() and not self._is_busy():
            self._letting_go = asyncio.create_task(self._let_go(arrival))

    async def close(self) -> None:
        """Stop where it is, and count the last that was sealed."""
        if self._letting_go is not None:
            self._letting_go.cancel()
            await asyncio.wait([self._letting_go])
        try:
            await self._keys.count()
        except Exception as error:  # noqa: BLE001  # a database that is gone is no reason not to end
            _LOG.error("the last seals are not counted: %s", type(error).__name__)

    def _is_busy(self) -> bool:
        # It takes as long as there is to seal; upkeep does not wait for it.
        return self._letting_go is not None and not self._letting_go.done()

    async def _let_go(self, arrival: Arrival) -> None:
        try:
            await Resealing(self._store, self._keyring).run()
            await self._gate.perform(retire_keys, Visit(arrival))
        except NothingToRetire:
            pass
        except KeysteadError as error:
            # The next minute goes on where this one stopped.
            _LOG.error("sealing anew: %s", type(error).__name__)
