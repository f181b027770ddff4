"""What every store promises (`keystead.ports`), told as stories that any engine can be held to.

An engine's test hands in `make_store`; every story gets a new, empty store of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from keystead.audit.findings import Report
    from keystead.ports.freshness import NewsFeed
    from keystead.ports.store import Store
    from keystead.ports.usage import UsageRecords

__all__ = ["STORIES", "MakeStore", "Opened", "Story", "story", "tell"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A store, and what stands beside it.

    Attributes:
        store: what is held to its promises.
        counts: where uses are counted.
        listen: makes an ear of its own, as each process has one.
        sql: runs one statement beside the store, as an intruder or another process would.
        verify: reads the whole chain.
        close: ends it.
    """

    store: Store
    counts: UsageRecords
    listen: Callable[[], Awaitable[NewsFeed]]
    sql: Callable[..., list[tuple[Any, ...]]]
    verify: Callable[[], Report]
    close: Callable[[], Coroutine[Any, Any, None]]


MakeStore = Callable[[], Coroutine[Any, Any, Opened]]
Story = Callable[[Opened], Awaitable[None]]

STORIES: Final[dict[str, Story]] = {}
"""Every story by name, filled by the decorator."""


def story(told: Story) -> Story:
    """Add a story to what every engine is held to."""
    name = told.__name__
    assert name not in STORIES, f"two stories are named {name}"
    STORIES[name] = told
    return told


def tell(told: Story, make_store: MakeStore) -> None:
    """Tell one story on a new store, and then verify its chain."""

    async def run() -> None:
        opened = await make_store()
        try:
            await told(opened)
            assert opened.verify().findings == ()
        finally:
            await opened.close()

    asyncio.run(run())
