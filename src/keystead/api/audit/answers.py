"""What the audit answers: entries, and what a verification found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct

from keystead.api.instants import text_of
from keystead.audit.chain import event_id
from keystead.audit.entry import decode_entry
from keystead.audit.errors import BrokenEntry

if TYPE_CHECKING:
    from keystead.audit.chain import StoredEntry
    from keystead.audit.findings import Report

__all__ = ["EventAnswer", "EventList", "VerificationAnswer", "event_answer", "verification_answer"]

Decision = Literal["allowed", "refused", "summary"]


class ActorAnswer(Struct, frozen=True):
    """Who acted; empty ids for the house itself and for strangers."""

    owner_id: str
    credential_id: str
    kind: str


class ObjectAnswer(Struct, frozen=True):
    """What an act was about."""

    type: str
    id: str
    name: str


class EventAnswer(Struct, frozen=True):
    """One audit entry; each node counts its own by `n`, from 1, without gaps.

    With the code `audit_broken` somebody changed what is stored: it cannot be read, and what is shown are the
    copies that searches use.
    """

    id: str
    node: int
    n: int
    at: str | None
    actor: ActorAnswer
    verb: str
    object: ObjectAnswer | None
    decision: Decision
    code: str
    rule: str
    address: str
    asserted_by: str
    request_id: str
    agent: str
    facts: dict[str, str | int | bool]


class EventList(Struct, frozen=True):
    """Entries of all nodes, the newest last; `cursor` is the `since` that goes on from here, also later."""

    items: tuple[EventAnswer, ...]
    next_page_token: str | None
    cursor: str


class FindingAnswer(Struct, frozen=True):
    """One thing that is wrong with a chain, and where."""

    n: int
    what: str


class HeadAnswer(Struct, frozen=True):
    """A chain's last entry, its digest in hexadecimal."""

    n: int
    digest: str


class ChainAnswer(Struct, frozen=True):
    """What a verification found in one node's chain; `unlisted` counts findings beyond those listed.

    `begins` is the first entry's number, above 1 where retention has cut off those before it, at `cut_at`.
    `notes` say what cannot be compared any more by that; nothing is wrong by it.
    """

    node: int
    intact: bool
    entries: int
    head: HeadAnswer
    findings: tuple[FindingAnswer, ...]
    unlisted: int
    begins: int
    cut_at: str | None
    notes: tuple[str, ...]


class VerificationAnswer(Struct, frozen=True):
    """What a verification found in all chains."""

    intact: bool
    chains: tuple[ChainAnswer, ...]


def event_answer(entry: StoredEntry) -> EventAnswer:
    """Return an entry as it is shown."""
    try:
        node, n, event = decode_entry(entry.bytes)
    except BrokenEntry:
        return _copies_of(entry)
    about = event.object
    return EventAnswer(
        id=event_id(node, n),
        node=node,
        n=n,
        at=text_of(event.at),
        actor=ActorAnswer(event.actor.owner_id, event.actor.credential_id, event.actor.kind),
        verb=event.verb,
        object=None if about is None else ObjectAnswer(about.type, about.id, about.name),
        decision=event.decision,
        code=event.code,
        rule=event.rule,
        address=event.address,
        asserted_by=event.asserted_by,
        request_id=event.request_id,
        agent=event.agent,
        facts=dict(event.facts or {}),
    )


def _copies_of(entry: StoredEntry) -> EventAnswer:
    copies = entry.columns
    # They may be anything, too.
    decisions = [each for each in get_args(Decision) if each == copies.decision]
    return EventAnswer(
        id=event_id(entry.node, entry.n),
        node=entry.node,
        n=entry.n,
        at=None,
        actor=ActorAnswer(str(copies.owner_id), str(copies.credential_id), ""),
        verb=str(copies.verb),
        object=ObjectAnswer(str(copies.object_type), str(copies.object_id), ""),
        decision=decisions[0] if decisions else "refused",
        code="audit_broken",
        rule="this entry cannot be read: verify the audit",
        address="",
        asserted_by="",
        request_id="",
        agent="",
        facts={},
    )


def verification_answer(reports: list[Report]) -> VerificationAnswer:
    """Return what was found, chain by chain."""
    chains = tuple(map(_chain, reports))
    return VerificationAnswer(all(chain.intact for chain in chains), chains)


def _chain(report: Report) -> ChainAnswer:
    return ChainAnswer(
        report.head.node,
        report.intact,
        report.entries,
        HeadAnswer(report.head.n, report.head.digest.hex()),
        tuple(FindingAnswer(found.n, found.what) for found in report.findings),
        report.unlisted,
        report.begins,
        text_of(report.cut_at),
        report.notes,
    )
