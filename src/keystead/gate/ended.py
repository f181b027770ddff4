"""Deleting what has ended by itself: kept answers, access tokens, spent assertions, audit that was cut off.

Nothing depends on it: an end is judged at each use. No right changes by it, so nobody is told.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from keystead.core.clock import MINUTE, later

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.core.clock import Instant
    from keystead.ports.store import Store, Tx

__all__ = ["forget_ended"]

_ROWS: Final = 20
"""Of one act. Each is gone from indexes that lie all over the file, so that it dirties a page or more, and
every act that comes meanwhile waits until those are on disk: a hundred take 5 ms, twenty take 1 ms."""

_ACTS: Final = 250
"""Of one call, and sort: more than an hour's tokens may end in a minute, and other upkeep waits for this."""


async def forget_ended(store: Store, at: Instant) -> bool:
    """Delete what had ended at an instant; say whether more may be left."""
    left = [
        await _in_batches(store, lambda tx: tx.idempotency.forget(at, _ROWS)),
        await _in_batches(store, lambda tx: tx.access_tokens.forget(at, _ROWS)),
        await _in_batches(store, lambda tx: tx.assertions.forget(at, _ROWS)),
        await _in_batches(store, lambda tx: tx.mints.forget(later(at, -MINUTE), _ROWS)),
        await _in_batches(store, lambda tx: tx.audit.forget(_ROWS)),
    ]
    return any(left)


async def _in_batches(store: Store, forget: Callable[[Tx], Awaitable[int]]) -> bool:
    now = asyncio.get_running_loop().time
    for _ in range(_ACTS):
        begun = now()
        if await store.act(forget) < _ROWS:
            return False
        # The disk is others' for as long as it was ours.
        await asyncio.sleep(now() - begun)
    return True
