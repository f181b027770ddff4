"""A bounded pool of threads for what keeps a processor busy: the hashing of passwords.

One Argon2id hash takes 64 MiB and a tenth of a second of every processor that it gets. Two at a time keep a
process within 128 MiB of them, and the event loop goes on meanwhile. Those that wait are bounded too:
who comes when all places are taken is told to come again, which is kinder than an answer after a minute.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from keystead.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["THREADS", "WAITING", "SlowPool"]

A = ParamSpec("A")
T = TypeVar("T")

THREADS: Final = 2
WAITING: Final = 16
"""At a tenth of a second each, on two processors, the last of them waits for less than two seconds."""


class SlowPool:
    """One process's threads for slow work, and the places before them."""

    def __init__(self, threads: int = THREADS, waiting: int = WAITING) -> None:
        """Start no thread before there is work."""
        self._executor = ThreadPoolExecutor(threads, "slow")
        self._places = Semaphore(threads + waiting)

    async def run(self, work: Callable[A, T], *args: A.args, **kwargs: A.kwargs) -> T:
        """Run `work` in a thread and return its result; whoever is cancelled leaves his place at once.

        Raises:
            Unavailable: `busy`, where every place is taken; nothing was begun.
        """
        if not self._places.acquire(blocking=False):
            raise Unavailable("busy", "too many passwords are being worked on; try again")
        try:
            running = self._executor.submit(work, *args, **kwargs)
        except BaseException:
            self._places.release()
            raise
        running.add_done_callback(self._leave)
        return await asyncio.wrap_future(running)

    def close(self) -> None:
        """Let what runs end, and begin nothing more."""
        self._executor.shutdown(cancel_futures=True)

    def _leave(self, _: Future[T]) -> None:
        self._places.release()
