"""What bounding a client that asks for too many access tokens asks of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant

__all__ = ["Capped", "MintRecords"]


@dataclass(frozen=True, slots=True)
class Capped:
    """A client or key that was given more access tokens than may live at once.

    Attributes:
        ended: how many of its tokens ended for newer ones since `since`.
        last_at: when the last one did.
    """

    credential_id: str
    kind: str
    name: str
    ended: int
    since: Instant
    last_at: Instant


class MintRecords(Protocol):
    """How often access tokens are asked for."""

    async def paced_at(
        self, credential_ids: tuple[str, ...], back: int, after: Instant
    ) -> Instant | None:
        """Return when the newest bounded mint of a key, by its ids, or the one so many before it, was made.

        None where there are not so many after an instant. A token that was ended counts as well.
        """

    async def pace(self, credential_id: str, token_id: str, at: Instant, after: Instant) -> None:
        """Note a bounded mint, and forget the credential's up to an instant."""

    async def cap(self, credential_id: str, ended: int, at: Instant, after: Instant) -> None:
        """Note that tokens ended for newer ones; what was noted up to an instant is begun anew."""

    async def capped(
        self, visible: frozenset[str] | None, after: Instant, size: int
    ) -> Sequence[Capped]:
        """Return the credentials of these owners that were capped after an instant, the worst first."""

    async def forget(self, at: Instant, size: int) -> int:
        """Delete at most `size` bounded mints up to an instant; return how many there were."""
