"""Telling: refusals are entered or counted, and what somebody was shown is accounted for.

Of too many refusals in a minute most are counted instead (`throttle`), and summed up once a minute.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, assert_never

from keystead.core.actor import STRANGER, SYSTEM
from keystead.core.errors import (
    Broken,
    Refused,
    Throttled,
    Unavailable,
)
from keystead.gate.acts.first_use import end_older
from keystead.gate.events import refused_event, summary_event
from keystead.gate.throttle import Refusals, Strangers
from keystead.ports.usage import ALLOWED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.audit.event import Event, ObjectRef
    from keystead.core.actor import Actor
    from keystead.core.arrival import Arrival
    from keystead.gate.acts.act import Seen
    from keystead.gate.usage import UsageCounter
    from keystead.ports.credentials import Known
    from keystead.ports.store import Store, Tx

__all__ = ["Telling"]


class Telling:
    """One process's."""

    def __init__(self, store: Store, usage: UsageCounter) -> None:
        """Enter in a store, and count uses."""
        self._store = store
        self._usage = usage
        self._strangers = Strangers()
        self._refusals = Refusals()

    async def refusal(
        self,
        verb: str,
        actor: Actor,
        arrival: Arrival,
        error: Refused | Unavailable | Broken,
        about: ObjectRef | None = None,
        *,
        known: Known | None = None,
    ) -> None:
        """Enter a refusal in a transaction of its own, and count it of the credential that is known."""
        code, rule = _code_and_rule(error)
        if known is not None:
            self._usage.note(known, arrival.at, arrival.address, arrival.agent, outcome=code)
        if actor.credential_id and not self._refusals.should_enter(actor, code, arrival.at):
            return
        await self._enter(refused_event(verb, actor, arrival, about, code=code, rule=rule))

    async def stranger(self, verb: str, arrival: Arrival, refusal: Refused) -> None:
        """Enter a stranger's refusal.

        Raises:
            Throttled: too many credentials that are none came from there.
        """
        address = arrival.address.text if arrival.address else ""
        if self._strangers.should_enter(address, arrival.at):
            await self.refusal(verb, STRANGER, arrival, refusal)
        if refusal.code == "invalid_credential":
            wait = self._strangers.must_wait(address, arrival.at)
            if wait is not None:
                raise Throttled(wait)

    async def shown(self, seen: Iterable[Seen], arrival: Arrival) -> None:
        """Count what somebody was shown and asked about, and enter its refusals."""
        events = []
        for each in seen:
            refusal = each.refusal
            outcome = ALLOWED if refusal is None else refusal.code
            self._usage.note(each.known, arrival.at, each.address, arrival.agent, each.api, outcome)
            if refusal is None:
                if each.known.secret.ends_older:
                    await end_older(self._store, each.known, arrival)
            elif self._refusals.should_enter(refusal.actor, refusal.code, arrival.at):
                events.append(refusal)
        if events:
            await self._enter(*events)

    async def summary(self, arrival: Arrival) -> None:
        """Enter how many refusals got no entry of their own, if any."""
        strangers, known = self._strangers.take_summary(), self._refusals.take_summaries()
        counted = list(known.items())
        if strangers is not None:
            sums = {"refusals": strangers.refusals, "addresses": strangers.addresses}
            counted.append((SYSTEM, Counter(sums)))
        if not counted:
            return
        try:
            await self._enter(
                *(
                    summary_event("audit.summary", actor, arrival, {**sums})
                    for actor, sums in counted
                )
            )
        except BaseException:
            self._refusals.give_back(known)
            if strangers is not None:
                self._strangers.give_back(strangers)
            raise

    async def _enter(self, *events: Event) -> None:
        async def enter(tx: Tx) -> None:
            for event in events:
                await tx.audit.append(event)

        await self._store.act(enter)


def _code_and_rule(error: Refused | Unavailable | Broken) -> tuple[str, str]:
    match error:
        case Refused():
            return error.code, error.rule
        case Unavailable():
            return error.code, error.code
        case Broken():
            return "internal_error", error.rule
        case _:
            assert_never(error)
