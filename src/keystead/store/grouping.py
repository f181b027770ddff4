"""Acts wait in a queue, and a group of them shares one commit: no timer, no added latency."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct, field

from keystead.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.ports.store import Tx

__all__ = ["LARGEST_GROUP", "Act", "GroupQueue", "Outcome"]

T = TypeVar("T")

LARGEST_GROUP: Final = 256

_LATE: Final = Unavailable(
    "busy", "the database is slow, or out of reach; nothing was done, try again"
)


class Outcome(Struct, frozen=True):
    """What an act returned, or what it raised."""

    value: Any = None
    error: BaseException | None = None


class Act(Struct, frozen=True):
    """One act that waits."""

    work: Callable[[Tx], Awaitable[Any]]
    future: asyncio.Future[Any]
    since: float = field(default_factory=time.monotonic)

    def end(self, outcome: Outcome) -> None:
        """Tell whoever waits, if he still does."""
        if self.future.cancelled():
            return
        if outcome.error is None:
            self.future.set_result(outcome.value)
        elif isinstance(outcome.error, Unavailable):
            # Each caller's own: the gate may note something on it.
            self.future.set_exception(Unavailable(outcome.error.code, outcome.error.detail))
        else:
            self.future.set_exception(outcome.error)


class GroupQueue:
    """The queue of one process: while a group commits, the next one gathers."""

    def __init__(
        self, commit: Callable[[list[Act]], Awaitable[list[Outcome]]], patience: float | None = None
    ) -> None:
        """Commit groups with `commit`, which returns each act's outcome once all of them are durable.

        It may return those of the first acts alone; the others come into the next group. What it raises is
        the outcome of all, and nothing of the group was kept. An act that waits for longer than `patience`
        seconds is not begun any more.
        """
        self._commit = commit
        self._patience = patience
        self._waiting: deque[Act] = deque()
        self._draining: asyncio.Task[None] | None = None

    async def act(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work` in the next group; return once it is durable."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(Act(work, future))
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def finish(self) -> None:
        """Return when nothing waits any more."""
        while self._draining is not None:
            await asyncio.wait([self._draining])

    async def _drain(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), LARGEST_GROUP)
                group = [self._waiting.popleft() for _ in range(size)]
                outcomes = await self._outcomes(group)
                for act, outcome in zip(group, outcomes, strict=False):
                    act.end(outcome)
                self._waiting.extendleft(reversed(group[len(outcomes) :]))
        finally:
            self._draining = None

    async def _outcomes(self, group: list[Act]) -> list[Outcome]:
        late = [Outcome(error=_LATE) for act in group if self._is_late(act)]
        if late:
            # Those that came first.
            return late
        try:
            return await self._commit(group)
        except Unavailable as error:
            return [Outcome(error=error)] * len(group)
        except Exception as error:  # noqa: BLE001  # every waiting act must hear of it
            if len(group) == 1:
                return [Outcome(error=error)]
        except BaseException as error:  # noqa: BLE001  # as above
            return [Outcome(error=error)] * len(group)
        # One of them broke what they share; the others are not to suffer for it.
        return [outcome for act in group for outcome in await self._outcomes([act])]

    def _is_late(self, act: Act) -> bool:
        return self._patience is not None and time.monotonic() > act.since + self._patience
