"""Counting: uses of each secret since the last flush, kept in memory so that no read waits for a write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keystead.ports.usage import Use

if TYPE_CHECKING:
    from keystead.core.arrival import Arrival
    from keystead.ports.credentials import Known
    from keystead.ports.usage import UsageRecords

__all__ = ["UsageCounter"]


class UsageCounter:
    """One process's counts between two flushes (a second apart, and at the stop)."""

    def __init__(self) -> None:
        """Start at nought."""
        self._uses: dict[tuple[str, int], Use] = {}

    def note(self, known: Known, arrival: Arrival) -> None:
        """Count one allowed use."""
        key = (known.credential.id, known.secret.n)
        address = arrival.address.text if arrival.address else ""
        held = self._uses.get(key)
        count = 1 if held is None else held.count + 1
        self._uses[key] = Use(*key, arrival.at, address, arrival.agent, count)

    async def flush(self, records: UsageRecords) -> int:
        """Write the counts; they are kept for the next flush where that fails."""
        taken, self._uses = self._uses, {}
        if not taken:
            return 0
        try:
            await records.add(list(taken.values()))
        except BaseException:
            self._give_back(taken)
            raise
        return len(taken)

    def _give_back(self, taken: dict[tuple[str, int], Use]) -> None:
        for key, use in taken.items():
            newer = self._uses.get(key)
            self._uses[key] = (
                use if newer is None else replace(newer, count=newer.count + use.count)
            )
