"""What an operation's slow step is handed: who asks, a pool of threads, and reading; never a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from keystead.audit.event import ObjectRef
from keystead.crypto.token_format import without_tokens

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.core.arrival import Arrival
    from keystead.core.clock import Instant
    from keystead.gate.callers.caller import Caller
    from keystead.gate.pool import SlowPool
    from keystead.gate.throttle import Attempts
    from keystead.ports.store import Store, Tx

__all__ = ["Preparation"]

A = ParamSpec("A")
T = TypeVar("T")


@dataclass(slots=True)
class Preparation:
    """One slow step in progress.

    Attributes:
        caller: who asks, already recognised, bounded and allowed.
        arrival: what the request brought.
        attempts: counts guesses at passwords.
        object: what it is about, for the entry of a refusal.
    """

    caller: Caller
    arrival: Arrival
    attempts: Attempts
    _store: Store
    _pool: SlowPool
    object: ObjectRef | None = None

    @property
    def at(self) -> Instant:
        """The instant of the request's arrival."""
        return self.arrival.at

    def about(self, type_: str, id_: str, name: str) -> None:
        """Name the object for the entry of a refusal."""
        self.object = ObjectRef(type_, id_, without_tokens(name))

    async def in_pool(self, work: Callable[A, T], *args: A.args, **kwargs: A.kwargs) -> T:
        """Run what keeps a processor busy in one of a few threads.

        Raises:
            Unavailable: `busy`, where too many wait already.
        """
        return await self._pool.run(work, *args, **kwargs)

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Read on one consistent state; it may have changed before the act begins."""
        return await self._store.browse(work)
