"""Whoever follows several chains by a cursor sees each entry once, whatever is written meanwhile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keystead.audit.chain import ENTRIES, NODES, SearchColumns, StoredEntry
from keystead.audit.pages import Cursor, Found, cursor_from, cursor_text, newest_page, next_page

Chains = dict[int, list[StoredEntry]]

nodes = st.integers(0, 3)
instants = st.integers(0, 9)
# What is written between two pages: whose, when, and whether the filter matches it.
writings = st.lists(st.tuples(nodes, instants, st.booleans()), max_size=12)


def write(chains: Chains, told: list[tuple[int, int, bool]]) -> None:
    for node, at, matches in told:
        chain = chains.setdefault(node, [])
        columns = SearchColumns(at, "yes" if matches else "no", "", "", "", "", "allowed")
        chain.append(StoredEntry(node, len(chain) + 1, b"", b"", columns))


def look(chain: list[StoredEntry], since: int, size: int, farthest: int) -> Found:
    """Find as a store does: up to a size, and no farther than so many entries."""
    found = []
    for entry in chain[since : since + farthest]:
        if entry.columns.verb == "yes":
            found.append(entry)
        if len(found) == size:
            return Found(found, entry.n, is_last=False)
    reached = min(since + farthest, len(chain))
    return Found(found, max(since, reached), is_last=reached == len(chain))


def matching(chains: Chains) -> list[tuple[int, int]]:
    return sorted(
        (e.node, e.n) for chain in chains.values() for e in chain if e.columns.verb == "yes"
    )


@given(st.lists(writings, min_size=1, max_size=6), st.integers(1, 4), st.integers(1, 5))
def test_nothing_is_lost_or_shown_twice_while_nodes_write(
    rounds: list[list[tuple[int, int, bool]]], size: int, farthest: int
) -> None:
    chains: Chains = {}
    cursor: Cursor = {}
    seen: list[tuple[int, int]] = []
    more = True
    while rounds or more:
        if rounds:
            write(chains, rounds.pop())
        found = {
            node: look(chain, cursor.get(node, 0), size + 1, farthest)
            for node, chain in chains.items()
        }
        page = next_page(cursor, found, size)
        assert len(page.entries) <= size
        assert more is False or page.cursor != cursor or not page.has_more, "it gets on"
        seen += [(entry.node, entry.n) for entry in page.entries]
        cursor, more = page.cursor, page.has_more
        assert cursor_from(cursor_text(cursor)) == cursor
    assert sorted(seen) == matching(chains)
    assert len(set(seen)) == len(seen)
    for node in chains:
        own = [n for whose, n in seen if whose == node]
        assert own == sorted(own), "each chain in its own order"


@given(writings, writings, st.integers(1, 4))
def test_the_newest_page_and_its_cursor_meet_without_a_gap(
    before: list[tuple[int, int, bool]], after: list[tuple[int, int, bool]], size: int
) -> None:
    chains: Chains = {}
    write(chains, before)
    ends = {node: len(chain) for node, chain in chains.items()}
    old = [e for chain in chains.values() for e in chain if e.columns.verb == "yes"]
    page = newest_page(ends, old, size)
    shown = [(e.columns.at, e.node, e.n) for e in page.entries]
    assert shown == sorted((e.columns.at, e.node, e.n) for e in old)[-size:]
    known = matching(chains)
    write(chains, after)
    found = {
        node: look(chain, page.cursor.get(node, 0), 100, 100) for node, chain in chains.items()
    }
    onwards = next_page(page.cursor, found, 100)
    assert sorted([*known, *((e.node, e.n) for e in onwards.entries)]) == matching(chains)


@given(st.dictionaries(st.integers(0, NODES - 1), st.integers(0, ENTRIES - 1), max_size=5))
def test_a_cursor_comes_back_from_its_text(cursor: Cursor) -> None:
    assert cursor_from(cursor_text(cursor)) == cursor


@given(st.text(st.sampled_from("0123456789:,-. ٣"), max_size=40))
def test_another_text_is_no_cursor_and_breaks_nothing(text: str) -> None:
    found = cursor_from(text)
    assert found is None or all(0 <= node < NODES and 0 <= n < ENTRIES for node, n in found.items())
