"""What the verbs about settings ask of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.policy.organisation import Organisation

__all__ = ["SettingRecords"]


class SettingRecords(Protocol):
    """The organisation's settings."""

    async def organisation(self) -> Organisation:
        """Return its rules; in an act, nobody else changes them until that is done."""

    async def save(self, before: Organisation, after: Organisation, by: str, at: Instant) -> None:
        """Write what differs, by an owner."""
