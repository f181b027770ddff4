"""The audit by the native API: events, export as JSON Lines or CSV, verification. Row K17."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from keystead.api.audit.answers import (
    EventAnswer,
    EventList,
    VerificationAnswer,
    event_answer,
    verification_answer,
)
from keystead.api.instants import Instants
from keystead.audit.chain import NODES
from keystead.audit.export import Form, closing, lines, opening
from keystead.audit.pages import Cursor, cursor_from, cursor_text
from keystead.core.errors import FieldError, Invalid
from keystead.operations import audit as verbs
from keystead.ports.audit import AuditQuery
from keystead.web.call import Answer, Call, as_answer
from keystead.web.identifiers import Id, Word
from keystead.web.query import PageSize, decode_cursor, encode_cursor, page_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from keystead.audit.chain import StoredEntry
    from keystead.gate.acts.operation import Operation
    from keystead.ports.audit import ChainState

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

_CHAINS: Final = "audit"
_START: Final = "start"
_BATCH: Final = 500
_MEDIA: Final = {"jsonl": "application/jsonl", "csv": "text/csv"}


class EventQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters; without `since` the newest entries, with it those after the cursor (`start`: the first)."""

    since: str | None = None
    node: Annotated[int, Meta(ge=0, lt=NODES)] | None = None
    verb: Word | None = None
    owner: Id | None = None
    credential: Id | None = None
    object: Id | None = None
    decision: Literal["allowed", "refused", "summary"] | None = None
    after: str | None = None
    before: str | None = None
    page_size: PageSize | None = None


class ExportQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """In what form."""

    format: Form = "jsonl"


async def events(call: Call) -> Answer:
    """GET /audit/events."""
    asked = call.query(EventQueryBody)
    instants = Instants()
    given = {"after": asked.after, "before": asked.before}
    after, before = instants.bound(given, "after"), instants.bound(given, "before")
    since = instants.beside(lambda: None if asked.since is None else _places(asked.since))
    size = page_request(asked.page_size, None, _CHAINS).size
    wanted = AuditQuery(
        node=asked.node,
        verb=asked.verb,
        owner_id=asked.owner,
        credential_id=asked.credential,
        object_id=asked.object,
        decision=asked.decision,
        after=after,
        before=before,
    )
    page = await call.perform(verbs.list_events, wanted, since, size)
    cursor = _cursor(page.cursor)
    shown = tuple(map(event_answer, page.entries))
    return as_answer(EventList(shown, cursor if page.has_more else None, cursor))


async def export(call: Call) -> Answer:
    """GET /audit/export."""
    form = call.query(ExportQueryBody).format
    chains = await call.perform(verbs.begin_export)
    name = f"keystead-audit-{sum(chain.end for chain in chains)}.{form}"
    return Answer(
        200,
        media=_MEDIA[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        stream=_lines(call, chains, form),
    )


async def verify(call: Call) -> Answer:
    """GET /audit/verify."""
    verification, chains = await call.perform(verbs.begin_verification)
    for chain in chains:
        async for batch in _batches(call, verbs.continue_verification, chain):
            verification.feed(chain.node, batch)
            if places := verification.asked():
                verification.answer(await call.perform(verbs.read_joined, places))
        verification.end(chain.node, chain.head)
    return as_answer(verification_answer(verification.reports()))


async def _lines(call: Call, chains: Sequence[ChainState], form: Form) -> AsyncIterator[bytes]:
    yield opening(form)
    for chain in chains:
        async for batch in _batches(call, verbs.continue_export, chain):
            yield b"".join(lines(form, batch))
        yield closing(form, chain.head)


async def _batches(
    call: Call,
    more: Operation[[int, int, int], Sequence[StoredEntry]],
    chain: ChainState,
) -> AsyncIterator[Sequence[StoredEntry]]:
    """Read a chain up to where it ended when the reading began."""
    since = 0
    while since < chain.end:
        entries = await call.perform(more, chain.node, since, _BATCH)
        within = [entry for entry in entries if entry.n <= chain.end]
        yield within
        # Numbers that somebody changed may not lead on, or even backwards.
        last = max((entry.n for entry in within), default=since)
        if last <= since:
            break
        since = last


def _cursor(cursor: Cursor) -> str:
    return encode_cursor((None, cursor_text(cursor)), _CHAINS) or ""


def _places(text: str) -> Cursor:
    """Return the cursor that a text stands for."""
    if text == _START:
        return {}
    _, said = decode_cursor(text, _CHAINS, NoneType, field="since")
    cursor = cursor_from(said)
    if cursor is None:
        raise Invalid.of(FieldError("since", "is not one that was answered"))
    return cursor
