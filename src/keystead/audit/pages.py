"""Pages of several chains: what was found in each becomes one list, and one cursor leads on in all.

A cursor has one number for each chain: everything up to it has been shown or did not match. Each chain is
without gaps and grows at its end alone, so going on from there loses nothing and repeats nothing, however
many nodes write meanwhile. A chain that is not in a cursor yet begins at 0.
"""

from __future__ import annotations

import re
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.audit.chain import ENTRIES, NODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from keystead.audit.chain import StoredEntry

__all__ = ["Cursor", "Found", "Page", "cursor_from", "cursor_text", "newest_page", "next_page"]

Cursor = dict[int, int]
"""For each node the number of its chain's last entry that needs no more looking at."""


_PLACE: Final = re.compile(r"(\d{1,7}):(\d{1,15})", re.ASCII)


class Found(NamedTuple):
    """What was found behind a cursor in one chain.

    Attributes:
        entries: those that match, in order.
        reached: everything up to this number has been looked at.
        is_last: whether the chain ends there.
    """

    entries: Sequence[StoredEntry]
    reached: int
    is_last: bool


class Page(NamedTuple):
    """One page.

    Attributes:
        entries: each chain's in order, and chains merged by instant.
        cursor: where to go on.
        has_more: whether something lies behind it already.
    """

    entries: Sequence[StoredEntry]
    cursor: Cursor
    has_more: bool


def next_page(since: Mapping[int, int], found: Mapping[int, Found], size: int) -> Page:
    """Return the next entries after a cursor, up to `size` of what was found."""
    shown = list(islice(merge(*(each.entries for each in found.values()), key=_moment), size))
    taken = dict.fromkeys(found, 0)
    for entry in shown:
        taken[entry.node] += 1
    cursor = dict(since)
    has_more = False
    for node, each in found.items():
        rest = each.entries[taken[node] :]
        cursor[node] = rest[0].n - 1 if rest else each.reached
        has_more = has_more or bool(rest) or not each.is_last
    return Page(shown, cursor, has_more)


def newest_page(ends: Cursor, entries: Iterable[StoredEntry], size: int) -> Page:
    """Return the newest of some entries, the newest last; `ends` is where each chain ended then."""
    return Page(sorted(entries, key=_moment)[-size:], ends, has_more=False)


def cursor_text(cursor: Cursor) -> str:
    """Return a cursor as a text: `0:12,7:3`."""
    return ",".join(f"{node}:{n}" for node, n in sorted(cursor.items()))


def cursor_from(text: str) -> Cursor | None:
    """Return the cursor that a text stands for; None where it is none."""
    found: Cursor = {}
    for place in text.split(",") if text else ():
        match = _PLACE.fullmatch(place)
        if match is None:
            return None
        node, n = map(int, match.groups())
        if node >= NODES or n >= ENTRIES or node in found:
            return None
        found[node] = n
    return found


def _moment(entry: StoredEntry) -> tuple[int, int, int]:
    # Whoever changed the file may have put anything there.
    at: object = entry.columns.at
    return at if isinstance(at, int) else 0, entry.node, entry.n
