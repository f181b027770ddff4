"""What can be asked about the audit: makers of `Call` for `Client.send`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from keystead_client._core.arguments import query_of
from keystead_client._core.calls import Answer, Call, Download, one, page
from keystead_client.records import Event, Page, Verification

__all__ = ["ALL", "START", "Filter", "export", "find", "verify"]

START: Final = "start"
"""The cursor before the first entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are meant: those that fit everything that is given.

    Attributes:
        node: entered by this node.
        verb: such as `secret.read`.
        owner_id: who acted.
        credential_id: by which credential.
        object_id: on what.
        decision: `allowed`, `refused` or `summary`.
        after: at or after this instant.
        before: before this instant.
    """

    node: int | None = None
    verb: str | None = None
    owner_id: str | None = None
    credential_id: str | None = None
    object_id: str | None = None
    decision: str | None = None
    after: datetime | None = None
    before: datetime | None = None


ALL: Final = Filter()
"""Every entry."""


def find(
    only: Filter = ALL, *, since: str | None = None, page_size: int | None = None
) -> Call[Page[Event]]:
    """List audit entries of all nodes, newest last.

    Args:
        only: which.
        since: only what came after this cursor of an earlier answer; `START` for everything; None
            for the newest page.
        page_size: 1 to 200; the server's default is 50.
    """
    query = (*query_of(since=since), *_query(only), *query_of(page_size=page_size))
    return Call("GET", "/audit/events", page(Event), query, turn="since")


def export(form: str = "jsonl", only: Filter = ALL) -> Download:
    """Export the entries, one chain after another, oldest first; for `Client.download`.

    Unfiltered JSON Lines have the checkpoint of each chain behind it, and can be verified.

    Args:
        form: `jsonl` or `csv`.
        only: which.
    """
    return Download("GET", "/audit/export", _whole, (*query_of(format=form), *_query(only)))


def _query(only: Filter) -> tuple[tuple[str, str], ...]:
    return query_of(
        node=only.node,
        verb=only.verb,
        owner=only.owner_id,
        credential=only.credential_id,
        object=only.object_id,
        decision=only.decision,
        after=only.after,
        before=only.before,
    )


def _whole(answer: Answer) -> bytes:
    return answer.body


def verify() -> Call[Verification]:
    """Ask the server to check every node's whole chain; it takes as long as they are."""
    return Call("GET", "/audit/verify", one(Verification))
