"""The audit by the native API: events, export as JSON Lines or CSV, verification. Row K17."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from keystead.api.instants import Instants, text_of
from keystead.audit.chain import NODES, event_id
from keystead.audit.entry import decode_entry
from keystead.audit.export import Form, closing, lines, opening
from keystead.core.errors import FieldError, Invalid
from keystead.operations import audit as verbs
from keystead.ports.audit import AuditQuery
from keystead.web.call import Answer, Call, as_answer
from keystead.web.query import decode_cursor, encode_cursor, page_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from keystead.audit.chain import SignedHead, StoredEntry
    from keystead.gate.operation import Operation

__all__ = [
    "EventAnswer",
    "EventList",
    "EventQueryBody",
    "ExportQueryBody",
    "VerificationAnswer",
    "events",
    "export",
    "verify",
]

_CHAIN: Final = "audit"
_START: Final = "start"
_BATCH: Final = 500
_NODE: Final = re.compile(r"\d{1,7}", re.ASCII)
_MEDIA: Final = {"jsonl": "application/jsonl", "csv": "text/csv"}


class EventQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters; without `since` the newest entries, with it those after the cursor (`start`: the first)."""

    since: str | None = None
    verb: str | None = None
    owner: str | None = None
    credential: str | None = None
    object: str | None = None
    decision: Literal["allowed", "refused", "summary"] | None = None
    after: str | None = None
    before: str | None = None
    page_size: Annotated[int, Meta(ge=1, le=200)] | None = None


class ExportQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """In what form."""

    format: Form = "jsonl"


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
    """One audit entry; each node counts its own by `n`, from 1, without gaps."""

    id: str
    node: int
    n: int
    at: str | None
    actor: ActorAnswer
    verb: str
    object: ObjectAnswer | None
    decision: Literal["allowed", "refused", "summary"]
    code: str
    rule: str
    address: str
    asserted_by: str
    request_id: str
    agent: str
    facts: dict[str, str | int | bool]


class EventList(Struct, frozen=True):
    """Entries, the newest last; `cursor` is the `since` that goes on from here, also later."""

    items: tuple[EventAnswer, ...]
    next_page_token: str | None
    cursor: str | None


class FindingAnswer(Struct, frozen=True):
    """One thing that is wrong with the chain, and where."""

    n: int
    what: str


class VerificationAnswer(Struct, frozen=True):
    """What a verification found."""

    intact: bool
    entries: int
    head: int
    findings: tuple[FindingAnswer, ...]


async def events(call: Call) -> Answer:
    """GET /audit/events."""
    asked = call.query(EventQueryBody)
    instants = Instants()
    given = {"after": asked.after, "before": asked.before}
    after, before = instants.bound(given, "after"), instants.bound(given, "before")
    instants.require()
    size = page_request(asked.page_size, None, _CHAIN).size
    wanted = AuditQuery(
        verb=asked.verb,
        owner_id=asked.owner,
        credential_id=asked.credential,
        object_id=asked.object,
        decision=asked.decision,
        after=after,
        before=before,
    )
    since = None if asked.since is None else _place(asked.since)
    found = await call.perform(
        verbs.list_events, wanted, since, size if since is None else size + 1
    )
    shown = found[:size]
    end = (shown[-1].node, shown[-1].n) if shown else since
    cursor = None if end is None else encode_cursor((end[1], str(end[0])), _CHAIN)
    more = cursor if len(found) > size else None
    return as_answer(EventList(tuple(_event(entry) for entry in shown), more, cursor))


async def export(call: Call) -> Answer:
    """GET /audit/export."""
    form = call.query(ExportQueryBody).format
    head = await call.perform(verbs.begin_export)
    name = f'attachment; filename="keystead-audit-{head.n}.{form}"'
    return Answer(
        200,
        media=_MEDIA[form],
        headers={"Content-Disposition": name},
        stream=_lines(call, head, form),
    )


async def verify(call: Call) -> Answer:
    """GET /audit/verify."""
    verifier, head = await call.perform(verbs.begin_verification)
    async for batch in _batches(call, verbs.continue_verification, head):
        verifier.feed_all(batch)
    report = verifier.finish(head)
    findings = tuple(FindingAnswer(f.n, f.what) for f in report.findings)
    return as_answer(VerificationAnswer(report.intact, report.entries, report.head.n, findings))


async def _lines(call: Call, head: SignedHead, form: Form) -> AsyncIterator[bytes]:
    yield opening(form)
    async for batch in _batches(call, verbs.continue_export, head):
        yield b"".join(lines(form, batch))
    yield closing(form, head)


async def _batches(
    call: Call,
    more: Operation[[int, int, int], Sequence[StoredEntry]],
    head: SignedHead,
) -> AsyncIterator[Sequence[StoredEntry]]:
    """Read a chain up to the head that was signed when the reading began."""
    since = 0
    while since < head.n:
        entries = await call.perform(more, head.node, since, _BATCH)
        within = [entry for entry in entries if entry.n <= head.n]
        yield within
        # Numbers that somebody changed may not lead on, or even backwards.
        last = max((entry.n for entry in within), default=since)
        if last <= since:
            break
        since = last
        # Other requests have their turn between two batches.
        await asyncio.sleep(0)


def _place(cursor: str) -> tuple[int, int]:
    """Return the node and the number that a cursor stands for."""
    if cursor == _START:
        return 0, 0
    n, node = decode_cursor(cursor, _CHAIN, int, field="since")
    if _NODE.fullmatch(node) is None or int(node) >= NODES:
        raise Invalid("some fields are wrong", FieldError("since", "is not one that was answered"))
    return int(node), int(n or 0)


def _event(entry: StoredEntry) -> EventAnswer:
    node, n, event = decode_entry(entry.bytes)
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
