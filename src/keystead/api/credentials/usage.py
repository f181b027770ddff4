"""How often a credential was used, by the native API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from keystead.api.instants import Instants
from keystead.core.clock import DAY, HOUR, MINUTE, SECOND, format_instant
from keystead.operations.credentials.usage import read_usage
from keystead.ports.usage import UsageQuery
from keystead.web.call import Answer, Call, as_answer
from keystead.web.query import PageSize, encode_cursor, page_request

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UsageList", "UsageQueryBody", "usage"]

_LENGTHS: Final[Mapping[str, int]] = {"minute": MINUTE, "hour": HOUR, "day": DAY}

InstantText = Annotated[str, Meta(description="RFC 3339 with offset")]


class UsageQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """How long a period is, and which periods are told."""

    per: Literal["minute", "hour", "day"] = "hour"
    after: InstantText | None = None
    before: InstantText | None = None
    page_token: str | None = None
    page_size: PageSize | None = None


class UsageAnswer(Struct, frozen=True):
    """Uses on one API with one outcome in one period, and the last one's address and agent.

    Attributes:
        seconds: the period's length; longer than asked for where only the longer one is kept.
        outcome: `allowed`, or the code of a refusal.
    """

    start: str
    seconds: int
    api: str
    outcome: str
    uses: int
    first_at: str
    last_at: str
    address: str
    agent: str


class UsageList(Struct, frozen=True):
    """A page of periods, the newest first."""

    items: tuple[UsageAnswer, ...]
    next_page_token: str | None


async def usage(call: Call) -> Answer:
    """GET /credentials/{id}/usage."""
    asked = call.query(UsageQueryBody)
    instants = Instants()
    given = {"after": asked.after, "before": asked.before}
    after, before = instants.bound(given, "after"), instants.bound(given, "before")
    place = instants.beside(lambda: page_request(asked.page_size, asked.page_token, asked.per, int))
    query = UsageQuery(length=_LENGTHS[asked.per], after=after, before=before)
    page = await call.perform(read_usage, call.path["id"], query, place)
    items = tuple(
        UsageAnswer(
            format_instant(each.start),
            each.length // SECOND,
            each.api,
            each.outcome,
            each.uses,
            format_instant(each.first_at),
            format_instant(each.last_at),
            each.address,
            each.agent,
        )
        for each in page.items
    )
    return as_answer(UsageList(items, encode_cursor(page.next, asked.per)))
