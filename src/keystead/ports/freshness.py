"""How a process hears that something it remembers has changed (Law 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from keystead.core.clock import Instant

__all__ = ["Changed", "GenerationRecords", "News", "NewsFeed"]

Changed = Literal["credential", "owner", "folders", "owners", "apis", "settings", "keys"]
"""A credential, an owner, the folders with their grants, the APIs, settings, the house's own keys; or too
many owners to name."""


@dataclass(frozen=True, slots=True)
class News:
    """What changed since the feed was last asked.

    Attributes:
        everything: too much to name; forget all.
        named: kind (a `Changed`, or a word of a newer version's) and id of each changed thing.
    """

    everything: bool
    named: tuple[tuple[str, str], ...]


class GenerationRecords(Protocol):
    """The number that every act raises which takes away or changes a right.

    The records of credentials, owners, groups and folders raise it by themselves when they are changed.
    """

    async def hold(self) -> None:
        """Let no other act change a right until this one is done.

        For rules about several rows at once (no folder in itself, never without an administrator), before the
        first of them is read.
        """

    async def raise_for(self, changed: Changed, ref: str, at: Instant) -> None:
        """Raise the generation and name what changed, in the act's own transaction."""


class NewsFeed(Protocol):
    """One process's ear."""

    async def news(self) -> News | None:
        """Return what changed since the last call; None, cheaply, where nothing did."""

    def doubt(self) -> None:
        """Have the next `news` ask the store itself, however lately it has answered."""
