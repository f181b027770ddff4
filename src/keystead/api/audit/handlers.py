"""The audit by the native API: events, export as JSON Lines or CSV, verification. Row K17."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
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
from keystead.audit.export import Form, beginning, closing, lines, opening
from keystead.audit.pages import Cursor, cursor_from, cursor_text
from keystead.core.errors import FieldError, Invalid
from keystead.operations import audit as verbs
from keystead.ports.audit import AuditQuery
from keystead.web.call import Answer, Call, as_answer
from keystead.web.identifiers import Id, Word
from keystead.web.query import PageSize, decode_cursor, encode_cursor, page_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from keystead.audit.chain import StoredEntry
    from keystead.audit.verification import Verification
    from keystead.ports.audit import ChainState, Part

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


class _Filters(Struct, forbid_unknown_fields=True, kw_only=True):
    node: Annotated[int, Meta(ge=0, lt=NODES)] | None = None
    verb: Word | None = None
    owner: Id | None = None
    credential: Id | None = None
    object: Id | None = None
    decision: Literal["allowed", "refused", "summary"] | None = None
    after: str | None = None
    before: str | None = None


class EventQueryBody(_Filters, forbid_unknown_fields=True, kw_only=True):
    """Filters; without `since` the newest entries, with it those after the cursor (`start`: the first)."""

    since: str | None = None
    page_size: PageSize | None = None


class ExportQueryBody(_Filters, forbid_unknown_fields=True, kw_only=True):
    """In what form, and filters; what is filtered has no checkpoint, since it proves nothing whole."""

    format: Form = "jsonl"


async def events(call: Call) -> Answer:
    """GET /audit/events."""
    asked = call.query(EventQueryBody)
    instants = Instants()
    wanted = _wanted(asked, instants)
    since = instants.beside(lambda: None if asked.since is None else _places(asked.since))
    size = page_request(asked.page_size, None, _CHAINS).size
    page = await call.perform(verbs.list_events, wanted, since, size)
    cursor = _cursor(page.cursor)
    shown = tuple(map(event_answer, page.entries))
    return as_answer(EventList(shown, cursor if page.has_more else None, cursor))


async def export(call: Call) -> Answer:
    """GET /audit/export."""
    asked = call.query(ExportQueryBody)
    instants, form = Instants(), asked.format
    wanted = _wanted(asked, instants)
    instants.require()
    chains = await call.perform(verbs.begin_export, wanted)
    name = f"keystead-audit-{sum(chain.end for chain in chains)}.{form}"
    return Answer(
        200,
        media=_MEDIA[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        stream=_lines(call, chains, form, wanted),
    )


async def verify(call: Call) -> Answer:
    """GET /audit/verify."""
    verification, chains = await call.perform(verbs.begin_verification)
    for chain in chains:
        more = partial(_verified_part, call, verification, chain.node)
        async for batch in _batches(chain, 0, more):
            verification.feed(chain.node, batch)
            if places := verification.asked():
                digests, since = await call.perform(verbs.read_joined, places)
                verification.moved(since)
                verification.answer(digests)
        verification.end(chain.node, chain.head)
    return as_answer(verification_answer(verification.reports()))


def _wanted(asked: _Filters, instants: Instants) -> AuditQuery:
    given = {"after": asked.after, "before": asked.before}
    return AuditQuery(
        node=asked.node,
        verb=asked.verb,
        owner_id=asked.owner,
        credential_id=asked.credential,
        object_id=asked.object,
        decision=asked.decision,
        after=instants.bound(given, "after"),
        before=instants.bound(given, "before"),
    )


async def _lines(
    call: Call, chains: Sequence[ChainState], form: Form, wanted: AuditQuery
) -> AsyncIterator[bytes]:
    yield opening(form)
    is_whole = replace(wanted, node=None) == AuditQuery()
    for chain in chains:
        if is_whole and (begun := beginning(form, chain.cut)):
            yield begun
        more = partial(_exported_part, call, wanted, chain.node)
        async for batch in _batches(chain, chain.before, more):
            yield b"".join(lines(form, batch))
        if is_whole:
            yield closing(form, chain.head)


async def _batches(
    chain: ChainState, since: int, more: Callable[[int], Awaitable[Part]]
) -> AsyncIterator[Sequence[StoredEntry]]:
    """Look through a chain from behind a number up to where it ended when that was begun."""
    while since < chain.end:
        part = await more(since)
        yield [entry for entry in part.entries if entry.n <= chain.end]
        # Numbers that somebody changed may not lead on, or even backwards.
        if part.is_last or part.reached.n <= since:
            break
        since = part.reached.n


async def _exported_part(call: Call, wanted: AuditQuery, node: int, since: int) -> Part:
    return await call.perform(verbs.continue_export, node, since, _BATCH, wanted)


async def _verified_part(call: Call, verification: Verification, node: int, since: int) -> Part:
    part, cuts = await call.perform(verbs.continue_verification, node, since, _BATCH)
    verification.moved(cuts)
    return part


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
