"""What becomes an entry of the audit: an act that was allowed, a refusal, a sum of refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from keystead.audit.event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.audit.event import ObjectRef
    from keystead.core.actor import Actor
    from keystead.core.arrival import Arrival

__all__ = ["Fact", "allowed_event", "refused_event", "summary_event"]

Fact = str | int | bool


def allowed_event(
    verb: str,
    actor: Actor,
    arrival: Arrival,
    about: ObjectRef | None,
    facts: Mapping[str, Fact],
) -> Event:
    """Return the event of an act."""
    return _event("allowed", verb, actor, arrival, about, facts)


def refused_event(
    verb: str,
    actor: Actor,
    arrival: Arrival,
    about: ObjectRef | None,
    facts: Mapping[str, Fact] | None = None,
    *,
    code: str,
    rule: str,
) -> Event:
    """Return the event of a refusal: its stable code, and the rule that decided."""
    return _event("refused", verb, actor, arrival, about, facts, code=code, rule=rule)


def summary_event(verb: str, actor: Actor, arrival: Arrival, sums: Mapping[str, Fact]) -> Event:
    """Return the event that stands for refusals which were only counted."""
    return _event("summary", verb, actor, arrival, None, sums)


def _event(
    decision: Literal["allowed", "refused", "summary"],
    verb: str,
    actor: Actor,
    arrival: Arrival,
    about: ObjectRef | None,
    facts: Mapping[str, Fact] | None,
    *,
    code: str = "ok",
    rule: str = "",
) -> Event:
    return Event(
        at=arrival.at,
        actor=actor,
        verb=verb,
        object=about,
        decision=decision,
        code=code,
        rule=rule,
        address=arrival.address.text if arrival.address else "",
        asserted_by=arrival.asserted_by,
        request_id=arrival.request_id,
        agent=arrival.agent,
        facts=facts,
    )
