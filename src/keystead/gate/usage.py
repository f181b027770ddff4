"""Counting: uses of each secret since the last flush, kept in memory so that no read waits for a write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.ports.usage import Use

if TYPE_CHECKING:
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Instant
    from keystead.ports.credentials import Known
    from keystead.ports.usage import UsageRecords

__all__ = ["UsageCounter"]


class UsageCounter:
    """One process's counts between two flushes (a second apart, and at the stop)."""

    def __init__(self) -> None:
        """Start at nought."""
        # A record for each use would cost more than the counting.
        self._uses: dict[tuple[str, int], tuple[Instant, str, str, int]] = {}

    def note(self, known: Known, arrival: Arrival) -> None:
        """Count one allowed use."""
        key = known.used
        address = arrival.address.text if arrival.address else ""
        held = self._uses.get(key)
        count = 1 if held is None else held[-1] + 1
        self._uses[key] = arrival.at, address, arrival.agent, count

    async def flush(self, records: UsageRecords) -> int:
        """Write the counts; they are kept for the next flush where that fails."""
        taken, self._uses = self._uses, {}
        if not taken:
            return 0
        try:
            await records.add(
                [
                    Use(credential_id, n, at, address, agent, count)
                    for (credential_id, n), (at, address, agent, count) in taken.items()
                ]
            )
        except BaseException:
            self._give_back(taken)
            raise
        return len(taken)

    def _give_back(self, taken: dict[tuple[str, int], tuple[Instant, str, str, int]]) -> None:
        for key, use in taken.items():
            newer = self._uses.get(key)
            self._uses[key] = use if newer is None else (*newer[:-1], newer[-1] + use[-1])
