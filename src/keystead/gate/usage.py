"""Counting: uses since the last flush, kept in memory so that no read waits for a write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.core.clock import MINUTE, Instant
from keystead.policy.permissions import KEYSTEAD_API
from keystead.ports.usage import ALLOWED, Use

if TYPE_CHECKING:
    from keystead.core.arrival import Address
    from keystead.ports.credentials import Known
    from keystead.ports.usage import UsageRecords

    # Credential, secret, API, outcome, minute; and the first use, the last, its address and agent, how many.
    Key = tuple[str, int, str, str, int]
    Count = tuple[Instant, Instant, str, str, int]

__all__ = ["UsageCounter"]

_MOST: Final = 100_000
"""Counts that are kept while they cannot be written; what would be more is lost. They are not the audit."""


class UsageCounter:
    """One process's counts between two flushes (a second apart, and at the stop)."""

    def __init__(self) -> None:
        """Start at nought."""
        # A record for each use would cost more than the counting.
        self._uses: dict[Key, Count] = {}

    def note(
        self,
        known: Known,
        at: Instant,
        address: Address | None,
        agent: str,
        api: str = KEYSTEAD_API,
        outcome: str = ALLOWED,
    ) -> None:
        """Count one use of a recognised credential, allowed or refused."""
        credential_id, secret_n = known.used
        key = credential_id, secret_n, api, outcome, at // MINUTE
        held = self._uses.get(key)
        text = address.text if address else ""
        if held is None:
            self._uses[key] = at, at, text, agent, 1
        else:
            self._uses[key] = held[0], at, text, agent, held[-1] + 1

    async def flush(self, records: UsageRecords) -> int:
        """Write the counts; they are kept for the next flush where that fails."""
        taken, self._uses = self._uses, {}
        if not taken:
            return 0
        try:
            await records.add(
                [
                    Use(id_, n, api, outcome, Instant(minute * MINUTE), *count)
                    for (id_, n, api, outcome, minute), count in taken.items()
                ]
            )
        except BaseException:
            self._give_back(taken)
            raise
        return len(taken)

    def _give_back(self, taken: dict[Key, Count]) -> None:
        for key, count in taken.items():
            newer = self._uses.get(key)
            if newer is None and len(self._uses) >= _MOST:
                continue
            self._uses[key] = (
                count if newer is None else (count[0], *newer[1:-1], newer[-1] + count[-1])
            )
