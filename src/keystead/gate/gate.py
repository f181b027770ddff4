"""The gate: who → bounds → may → do → tell. Every door calls `perform`, and nothing else.

1. *Who*: the credential presented is recognised, or the request is a stranger's.
2. *Bounds* and 3. *may*: `policy.decide`, one pure function.
4. *Do*: what is slow is prepared outside any transaction, and 1 to 3 are walked again; then the operation
   runs in one transaction, and an entered one writes its entry in the same.
5. *Tell*: a refusal is entered in a transaction of its own, and only then raised; of too many in a minute
   most are counted instead (`throttle`).

A crash between the commit of 4 and the answer leaves the act with its entry; the client asks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from keystead.core.arrival import Presented
from keystead.core.errors import Broken, Refused, Unavailable
from keystead.gate.acts.act import Act, Writes
from keystead.gate.acts.first_use import end_older
from keystead.gate.acts.once import Answered, Once, answer_gone, do_once, is_kept
from keystead.gate.acts.operation import Told
from keystead.gate.acts.preparation import Preparation
from keystead.gate.callers.caller import Caller
from keystead.gate.callers.limited import is_limited, spend, use_up
from keystead.gate.callers.recall import Recall
from keystead.gate.callers.schemes import (
    Failed,
    Misplaced,
    Verified,
    is_cookie,
    recognise,
    refusal_of,
)
from keystead.gate.refusals import refusal_by
from keystead.gate.telling import Telling
from keystead.gate.throttle import Attempts
from keystead.gate.usage import UsageCounter
from keystead.policy.decide import Question, decide
from keystead.ports.keyring import KeyReplaced

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.audit.event import ObjectRef
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Instant
    from keystead.core.secret import Secret
    from keystead.crypto.keyring import Keyring
    from keystead.gate.acts.operation import Operation
    from keystead.gate.callers.freshness import Freshness
    from keystead.gate.callers.schemes import Outcome
    from keystead.gate.pool import SlowPool
    from keystead.gate.visit import Visit
    from keystead.policy.restrictions import Denial
    from keystead.ports.store import Store, Tx

__all__ = ["Gate"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


class Doing(Protocol[R_co]):
    """Runs an act in a transaction."""

    async def __call__(self, tx: Tx, *, writes: bool) -> R_co:
        """Run it in one that writes, or reads alone."""


class Gate:
    """One process's gate."""

    def __init__(
        self, store: Store, freshness: Freshness, keyring: Keyring, pool: SlowPool
    ) -> None:
        """Stand before a store, with a memory, the keys, and threads for what is slow."""
        self._store = store
        self._freshness = freshness
        self._keyring = keyring
        self._pool = pool
        self.usage = UsageCounter()
        self._telling = Telling(store, self.usage)
        self._attempts = Attempts()

    async def perform(
        self, operation: Operation[P, T], visit: Visit, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Ask the house for something; who was recognised is noted in the visit.

        Raises:
            Refused: with the stable code; it has been entered.
            Invalid: an argument cannot be accepted; nothing was done.
            Unavailable: it cannot be decided or kept just now; nothing was done.
        """
        # 1. Who, 2. bounds, 3. may.
        caller = await self._admitted(operation, visit, *args)
        # 4. Do.
        caller, prepared = await self._prepare(operation, caller, visit, *args, **kwargs)

        async def work(act: Act) -> T:
            return await operation.act(act, *prepared, *args, **kwargs)

        return await self._do(operation, caller, visit, work)

    async def perform_once(
        self,
        operation: Operation[P, T],
        visit: Visit,
        once: Once[T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Answered:
        """Ask the house for a change that is made once, however often the same request comes.

        Who, bounds and may are judged each time, and each answer that is given again has its own entry.

        Raises:
            Refused, Invalid, Unavailable: as `perform`, and as `do_once`.
        """
        caller = await self._admitted(operation, visit, *args)
        at = visit.arrival.at
        slow = operation.prepare is not None
        # What was slow is not done again, nor a password's guess counted again.
        known = slow and await self._store.read(lambda tx: is_kept(tx, caller, once.key, at))
        prepared: tuple[object, ...] = ()
        if not known:
            caller, prepared = await self._prepare(operation, caller, visit, *args, **kwargs)

        async def work(act: Act) -> T:
            if known:
                raise answer_gone()
            return await operation.act(act, *prepared, *args, **kwargs)

        return await self._do(operation, caller, visit, lambda act: do_once(act, once, work))

    async def admit(self, operation: Operation[..., Any], visit: Visit) -> None:
        """Walk who, bounds and may alone: a door asks before it says what is wrong with a request.

        Raises:
            Refused: as `perform`; it has been entered.
            Unavailable: as `perform`.
        """
        await self._admitted(operation, visit)

    async def refuse_in_query(self, arrival: Arrival, token: Secret) -> None:
        """Enter that a token came in a URL, where logs keep it, naming its credential if it has one."""
        await self._freshness.catch_up()
        exposed = Presented(token, "query")
        refusal = Refused("token_in_query", "a token in a URL", rule="exposed: revoke it")
        outcome = await recognise(exposed, self._keyring.digester, self._freshness, arrival.at)
        if isinstance(outcome, Verified):
            caller = await self._freshness.caller(outcome.known)
            await self._telling.refusal(
                "token.exposed", caller.actor, arrival, refusal, known=caller.known
            )
        else:
            await self._telling.stranger("token.exposed", arrival, refusal)

    async def summarise(self, arrival: Arrival) -> None:
        """Enter how many refusals got no entry of their own, if any (once a minute)."""
        await self._telling.summary(arrival)

    async def _admitted(
        self, operation: Operation[..., Any], visit: Visit, *args: object
    ) -> Caller:
        """Return who asks, once he is known, within his bounds, and may."""
        visit.asked = True
        await self._freshness.catch_up()
        # 1. Who.
        caller = await self._who(operation.verb, visit)
        visit.credential_expires_at = caller.expires_at
        # 2. Bounds, and 3. may.
        denial = _denial(operation, caller, visit.arrival)
        if denial is not None and await self._freshness.was_behind():
            caller = await self._who(operation.verb, visit)
            denial = _denial(operation, caller, visit.arrival)
        if denial is not None:
            refusal = refusal_by(denial)
            # 5. Tell.
            about = operation.sought(args)
            await self._told(operation, caller, visit, refusal, about)
            raise refusal
        if caller.known is not None and caller.known.secret.ends_older:
            await end_older(self._store, caller.known, visit.arrival)
        return caller

    async def _prepare(
        self,
        operation: Operation[P, Any],
        caller: Caller,
        visit: Visit,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[Caller, tuple[object, ...]]:
        """Return who asks, and what the slow step found: the act's first argument, or nothing."""
        if operation.prepare is None:
            return caller, ()
        slow = Preparation(caller, visit.arrival, self._attempts, self._store, self._pool)
        try:
            found = await operation.prepare(slow, *args, **kwargs)
        except (Refused, Broken) as error:
            await self._told(operation, caller, visit, error, slow.object)
            raise
        # Slow is long enough for a right to be taken away, and for that to have been answered (Law 3).
        return await self._admitted(operation, visit, *args), (found,)

    async def _do(
        self,
        operation: Operation[..., Any],
        caller: Caller,
        visit: Visit,
        work: Callable[[Act], Awaitable[R]],
        *,
        is_certain: bool = False,
    ) -> R:
        """Run the act in one transaction with its entry, or read; then tell."""
        arrival = visit.arrival
        acts: list[Act] = []

        async def do(tx: Tx, *, writes: bool) -> R:
            if writes:
                await use_up(tx, caller, arrival.at)
            recall = Recall(tx, None if writes else self._freshness)
            act = Act(operation.verb, tx, caller, arrival, self._keyring, recall, writes)
            acts[:] = [act]
            value = await work(act)
            if operation.told is Told.ENTERED:
                await tx.audit.append(act.event())
            if writes:
                await spend(tx, caller, arrival.at)
            return value

        try:
            value = await self._transact(operation, do)
            is_certain = is_certain or all(act.is_certain for act in acts)
            is_behind = not is_certain and await self._freshness.was_behind()
            await self._use_up(caller, arrival.at, acts, counts=not is_behind)
        except (Refused, Broken, KeyReplaced) as error:
            if not is_certain and await self._may_be_behind(error):
                return await self._do_anew(operation, visit, work)
            # 5. Tell.
            await self._told(operation, caller, visit, error, acts[0].object if acts else None)
            raise
        if is_behind:
            return await self._do_anew(operation, visit, work)
        if caller.known is not None:
            self.usage.note(caller.known, arrival.at, arrival.address, arrival.agent)
        for act in acts:
            await self._telling.shown(act.seen, arrival)
        return value

    async def _may_be_behind(self, error: Exception) -> bool:
        """Say whether it was refused, or failed, by what is newer elsewhere."""
        return await self._freshness.was_behind() or isinstance(error, KeyReplaced)

    async def _use_up(self, caller: Caller, at: Instant, acts: list[Act], *, counts: bool) -> None:
        """Count the use by which something was only read, before it is answered."""
        if not counts or not is_limited(caller) or any(act.writes for act in acts):
            return

        async def count(tx: Tx) -> None:
            await use_up(tx, caller, at)
            await spend(tx, caller, at)

        await self._store.act(count)

    async def _told(
        self,
        operation: Operation[..., Any],
        caller: Caller,
        visit: Visit,
        error: Refused | Unavailable | Broken | KeyReplaced,
        about: ObjectRef | None,
    ) -> None:
        if isinstance(error, KeyReplaced):
            why = "a key was replaced that this server has not read; try again, or see its log"
            raise Unavailable("busy", why) from None
        await self._telling.refusal(
            operation.verb, caller.actor, visit.arrival, error, about, known=caller.known
        )

    async def _transact(self, operation: Operation[..., Any], do: Doing[R]) -> R:
        if operation.told is Told.COUNTED:
            read = self._store.browse if operation.browses else self._store.read
            try:
                return await read(lambda tx: do(tx, writes=False))
            except Writes:
                # What the caller was shown has a number of uses.
                pass
        return await self._store.act(lambda tx: do(tx, writes=True))

    async def _do_anew(
        self, operation: Operation[..., Any], visit: Visit, work: Callable[[Act], Awaitable[R]]
    ) -> R:
        """Do once more, by what is known now, what was refused by what was behind."""
        caller = await self._admitted(operation, visit)
        return await self._do(operation, caller, visit, work, is_certain=True)

    async def _who(self, verb: str, visit: Visit) -> Caller:
        arrival = visit.arrival
        if arrival.presented == "system":
            return Caller.of_house(
                await self._freshness.tree(),
                await self._freshness.apis(),
                await self._freshness.organisation(),
            )
        outcome: Outcome = Misplaced()
        if visit.sessions or not is_cookie(arrival.presented):
            outcome = await recognise(
                arrival.presented, self._keyring.digester, self._freshness, arrival.at
            )
            if isinstance(outcome, Failed) and await self._freshness.was_behind():
                # It may be of a pepper that is not known here yet.
                outcome = await recognise(
                    arrival.presented, self._keyring.digester, self._freshness, arrival.at
                )
        if isinstance(outcome, Verified):
            return await self._freshness.caller(outcome.known)
        refusal = refusal_of(outcome)
        await self._telling.stranger(verb, arrival, refusal)
        raise refusal


def _denial(operation: Operation[..., Any], caller: Caller, arrival: Arrival) -> Denial | None:
    if caller.house:
        return None
    if caller.subject is None:
        msg = "a caller that is neither recognised nor the house itself"
        raise RuntimeError(msg)
    question = Question(
        operation.needs,
        arrival.at,
        arrival.address,
        arrival.exposed,
        operation.kinds,
        operation.key_admins,
    )
    return decide(caller.subject, question)
