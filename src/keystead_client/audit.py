"""What can be asked about the audit: makers of `Call` for `Client.send`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from keystead_client._core.arguments import query_of
from keystead_client._core.calls import Answer, Call, one, page
from keystead_client.records import Event, Page, Verification

__all__ = ["START", "export", "find", "verify"]

START: Final = "start"
"""The cursor before the first entry."""


def find(  # noqa: PLR0913  # the filters of the list
    *,
    since: str | None = None,
    node: int | None = None,
    verb: str | None = None,
    owner_id: str | None = None,
    credential_id: str | None = None,
    object_id: str | None = None,
    decision: str | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    page_size: int | None = None,
) -> Call[Page[Event]]:
    """List audit entries of all nodes, newest last.

    Args:
        since: only what came after this cursor of an earlier answer; `START` for everything; None
            for the newest page.
        node: only the entries of this node.
        verb: such as `secret.read`.
        owner_id: who acted.
        credential_id: by which credential.
        object_id: on what.
        decision: `allowed`, `refused` or `summary`.
        after: at or after this instant.
        before: before this instant.
        page_size: 1 to 200; the server's default is 50.
    """
    query = query_of(
        since=since,
        node=node,
        verb=verb,
        owner=owner_id,
        credential=credential_id,
        object=object_id,
        decision=decision,
        after=after,
        before=before,
        page_size=page_size,
    )
    return Call("GET", "/audit/events", page(Event), query, turn="since")


def export(  # noqa: PLR0913  # the filters of the list
    form: str = "jsonl",
    *,
    node: int | None = None,
    verb: str | None = None,
    owner_id: str | None = None,
    credential_id: str | None = None,
    object_id: str | None = None,
    decision: str | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
) -> Call[bytes]:
    """Export the entries, one chain after another, oldest first; for `Client.download`.

    Unfiltered JSON Lines have the checkpoint of each chain behind it, and can be verified. The filters are
    those of `find`.

    Args:
        form: `jsonl` or `csv`.
        node: only the entries of this node.
        verb: such as `secret.read`.
        owner_id: who acted.
        credential_id: by which credential.
        object_id: on what.
        decision: `allowed`, `refused` or `summary`.
        after: at or after this instant.
        before: before this instant.
    """
    query = query_of(
        format=form,
        node=node,
        verb=verb,
        owner=owner_id,
        credential=credential_id,
        object=object_id,
        decision=decision,
        after=after,
        before=before,
    )
    return Call("GET", "/audit/export", _whole, query)


def _whole(answer: Answer) -> bytes:
    return answer.body


def verify() -> Call[Verification]:
    """Ask the server to check every node's whole chain; it takes as long as they are."""
    return Call("GET", "/audit/verify", one(Verification))
