"""The gate: who → bounds → may → do → tell. Every door calls `perform`, and nothing else.

1. *Who*: the credential presented is recognised, or the request is a stranger's.
2. *Bounds* and 3. *may*: `policy.decide`, one pure function.
4. *Do*: the operation runs in one transaction; an entered one writes its entry in the same.
5. *Tell*: a refusal is entered in a transaction of its own, and only then raised.

A crash between the commit of 4 and the answer leaves the act with its entry; the client asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeVar

from keystead.core.actor import STRANGER, SYSTEM, Actor
from keystead.core.arrival import Presented
from keystead.core.errors import (
    Forbidden,
    KeysteadError,
    Refused,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from keystead.crypto.envelope import BrokenEnvelope
from keystead.gate.act import Act, told
from keystead.gate.caller import Caller
from keystead.gate.operation import Told
from keystead.gate.schemes import Failed, NotMine, Verified, recognise
from keystead.gate.throttle import Strangers
from keystead.gate.usage import UsageCounter
from keystead.policy.decide import Question, decide

if TYPE_CHECKING:
    from keystead.audit.event import Event, ObjectRef
    from keystead.core.arrival import Arrival
    from keystead.core.clock import Instant
    from keystead.core.secret import Secret
    from keystead.crypto.keyring import Keyring
    from keystead.gate.freshness import Freshness
    from keystead.gate.operation import Operation
    from keystead.policy.restrictions import Denial
    from keystead.ports.store import Store, Tx

__all__ = ["Done", "Gate"]

P = ParamSpec("P")
T = TypeVar("T")


_BROKEN: Final = Refused(
    "internal_error", "the stored value does not open", rule="sealed value altered or moved"
)


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What an operation returned, and the presented credential's end for the answer's header."""

    value: T
    expires_at: Instant | None


class Gate:
    """One process's gate."""

    def __init__(self, store: Store, freshness: Freshness, keyring: Keyring) -> None:
        """Stand before a store, with a memory and the keys."""
        self._store = store
        self._freshness = freshness
        self._keyring = keyring
        self.usage = UsageCounter()
        self.strangers = Strangers()

    async def perform(
        self, operation: Operation[P, T], arrival: Arrival, *args: P.args, **kwargs: P.kwargs
    ) -> Done[T]:
        """Ask the house for something.

        Raises:
            Refused: with the stable code; it has been entered.
            Invalid: an argument cannot be accepted; nothing was done.
            Unavailable: it cannot be decided or kept just now; nothing was done.
        """
        await self._freshness.catch_up()
        caller = await self._who(operation.verb, arrival)
        try:
            value = await self._perform(operation, caller, arrival, *args, **kwargs)
        except KeysteadError as error:
            error.presented_until = caller.expires_at
            raise
        if caller.known is not None:
            self.usage.note(caller.known, arrival)
        return Done(value, caller.expires_at)

    async def admit(self, operation: Operation[..., Any], arrival: Arrival) -> Instant | None:
        """Walk who, bounds and may alone: a door asks before it says what is wrong with a request.

        Returns:
            The presented credential's end.

        Raises:
            Refused: as `perform`; it has been entered.
            Unavailable: as `perform`.
        """
        await self._freshness.catch_up()
        caller = await self._who(operation.verb, arrival)
        try:
            await self._require_allowed(operation, caller, arrival)
        except KeysteadError as error:
            error.presented_until = caller.expires_at
            raise
        return caller.expires_at

    async def refuse_in_query(self, arrival: Arrival, token: Secret) -> None:
        """Enter that a token came in a URL, where logs keep it, naming its credential if it has one."""
        await self._freshness.catch_up()
        exposed = Presented(token, "query")
        refusal = Refused("token_in_query", "a token in a URL", rule="exposed: revoke it")
        outcome = await recognise(exposed, self._keyring.digester, self._freshness.find)
        if isinstance(outcome, Verified):
            caller = await self._freshness.caller(outcome.known)
            await self._enter_refusal("token.exposed", caller.actor, arrival, refusal, None)
        else:
            await self._refuse_stranger("token.exposed", arrival, refusal)

    async def summarise(self, arrival: Arrival) -> None:
        """Enter how many strangers' refusals got no entry of their own, if any (once a minute)."""
        summary = self.strangers.take_summary()
        if summary is None:
            return
        facts: dict[str, str | int | bool] = {
            "refusals": summary.refusals,
            "addresses": summary.addresses,
        }
        event = told("audit.summary", SYSTEM, arrival, "summary", "ok", "", None, facts)
        try:
            await self._enter(event)
        except BaseException:
            self.strangers.give_back(summary)
            raise

    async def _perform(
        self,
        operation: Operation[P, T],
        caller: Caller,
        arrival: Arrival,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        await self._require_allowed(operation, caller, arrival)
        acts: list[Act] = []

        async def do(tx: Tx) -> T:
            act = Act(operation.verb, tx, caller, arrival, self._keyring)
            acts[:] = [act]
            value = await operation.act(act, *args, **kwargs)
            if operation.told is Told.ENTERED:
                await tx.audit.append(act.event())
            return value

        try:
            if operation.told is Told.ENTERED:
                return await self._store.act(do)
            return await self._store.read(do)
        except Refused as refusal:
            about = acts[0].object if acts else None
            await self._enter_refusal(operation.verb, caller.actor, arrival, refusal, about)
            raise
        except BrokenEnvelope:
            # Somebody changed the database: a fault to the client, but one that the audit tells of.
            about = acts[0].object if acts else None
            await self._enter_refusal(operation.verb, caller.actor, arrival, _BROKEN, about)
            raise

    async def _who(self, verb: str, arrival: Arrival) -> Caller:
        if arrival.presented == "system":
            return Caller.of_house(await self._freshness.tree())
        outcome = await recognise(arrival.presented, self._keyring.digester, self._freshness.find)
        if isinstance(outcome, Verified):
            return await self._freshness.caller(outcome.known)
        refusal = _stranger(outcome)
        await self._refuse_stranger(verb, arrival, refusal)
        raise refusal

    async def _require_allowed(
        self, operation: Operation[P, T], caller: Caller, arrival: Arrival
    ) -> None:
        if caller.house:
            return
        if caller.subject is None:
            msg = "a caller that is neither recognised nor the house itself"
            raise RuntimeError(msg)
        question = Question(operation.needs, arrival.at, arrival.address, arrival.exposed)
        denial = decide(caller.subject, question)
        if denial is not None:
            refusal = _refusal(denial)
            await self._enter_refusal(operation.verb, caller.actor, arrival, refusal, None)
            raise refusal

    async def _refuse_stranger(self, verb: str, arrival: Arrival, refusal: Refused) -> None:
        address = arrival.address.text if arrival.address else ""
        if self.strangers.should_enter(address, arrival.at):
            await self._enter_refusal(verb, STRANGER, arrival, refusal, None)
        if refusal.code == "invalid_credential":
            wait = self.strangers.must_wait(address, arrival.at)
            if wait is not None:
                raise Throttled(wait)

    async def _enter_refusal(
        self,
        verb: str,
        actor: Actor,
        arrival: Arrival,
        refusal: Refused | Unavailable,
        about: ObjectRef | None,
    ) -> None:
        rule = refusal.rule if isinstance(refusal, Refused) else refusal.code
        await self._enter(told(verb, actor, arrival, "refused", refusal.code, rule, about))

    async def _enter(self, event: Event) -> None:
        async def enter(tx: Tx) -> None:
            await tx.audit.append(event)

        await self._store.act(enter)


def _stranger(outcome: NotMine | Failed) -> Unauthenticated:
    match outcome:
        case NotMine():
            return Unauthenticated(
                "missing_credential", "present a credential in the Authorization header"
            )
        case Failed(why):
            return Unauthenticated(
                "invalid_credential", "the credential presented is not valid", rule=why
            )


def _refusal(denial: Denial) -> Refused | Unavailable:
    match denial.sort:
        case "unauthenticated":
            return Unauthenticated(denial.code, denial.detail, rule=denial.rule)
        case "forbidden":
            return Forbidden(denial.code, denial.detail, rule=denial.rule)
        case "undecided":
            return Unavailable(denial.code, denial.detail)
