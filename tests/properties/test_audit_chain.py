"""Whatever is done to a stored audit without its key is found, and found in its place."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keystead.audit.chain import (
    ENTRIES,
    NODES,
    Head,
    SearchColumns,
    SignedHead,
    StoredEntry,
    decode_checkpoint,
    encode_checkpoint,
    event_id,
    follow,
    genesis,
)
from keystead.audit.entry import decode_entry, encode_entry
from keystead.audit.event import Event, ObjectRef
from keystead.audit.findings import Report
from keystead.audit.verifier import Verifier
from keystead.core.actor import Actor
from keystead.core.clock import Instant
from keystead.crypto.audit_key import AuditKey

KEY = AuditKey({1: bytes(range(32)), 2: bytes(range(1, 33))})

# Texts without lone surrogates: the door lets none in, and JSON cannot hold them.
texts = st.text(st.characters(codec="utf-8"), max_size=12)
whole = st.integers(-(2**63), 2**63 - 1)
events = st.builds(
    Event,
    at=st.integers(0, 2**53).map(Instant),
    actor=st.builds(Actor, texts, texts, texts),
    verb=texts,
    object=st.none() | st.builds(ObjectRef, texts, texts, texts),
    decision=st.sampled_from(["allowed", "refused", "summary"]),
    code=texts,
    rule=texts,
    address=texts,
    asserted_by=texts,
    request_id=texts,
    agent=texts,
    facts=st.none() | st.dictionaries(texts, texts | whole | st.booleans(), max_size=3),
)


NODE = 5
BEGINNING = genesis(NODE)


def chained(told: list[Event], after: Head = BEGINNING) -> list[StoredEntry]:
    entries, head = [], after
    for event in told:
        data = encode_entry(head.node, head.n + 1, event)
        head = follow(head, data)
        entries.append(StoredEntry(head.node, head.n, data, head.digest, SearchColumns.of(event)))
    return entries


def last_of(entries: list[StoredEntry]) -> Head:
    return Head(entries[-1].node, entries[-1].n, entries[-1].digest) if entries else BEGINNING


def signed(entries: list[StoredEntry]) -> SignedHead:
    head = last_of(entries)
    return SignedHead(*head, *KEY.sign(*head))


def verify(
    entries: list[StoredEntry], head: SignedHead | None, since: SignedHead | None = None
) -> Report:
    verifier = Verifier(KEY, NODE, () if since is None else (since,))
    verifier.feed_all(entries)
    return verifier.finish(head)


def places(report: Report) -> set[int]:
    return {finding.n for finding in report.findings}


chains = st.lists(events, min_size=1, max_size=8).map(chained)


nodes = st.integers(0, NODES - 1)
numbers = st.integers(1, ENTRIES - 1)


@given(nodes, numbers, events)
def test_an_event_comes_back_from_its_bytes(node: int, n: int, event: Event) -> None:
    data = encode_entry(node, n, event)
    assert decode_entry(data) == (node, n, event)
    assert encode_entry(*decode_entry(data)) == data


@given(st.binary(max_size=60) | st.recursive(st.none(), st.lists).map(msgspec.json.encode))
def test_other_bytes_are_no_entry_and_break_nothing(data: bytes) -> None:
    report = verify([StoredEntry(NODE, 1, data, bytes(32), SearchColumns(0, *[""] * 6))], None)
    assert not report.intact


@given(chains, st.data())
def test_what_nobody_touched_is_intact(entries: list[StoredEntry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(entries)))
    assert verify(entries, signed(entries), signed(entries[:cut])).intact


@given(chains, st.data())
def test_one_changed_bit_of_an_entry_is_found_at_that_entry(
    entries: list[StoredEntry], data: st.DataObject
) -> None:
    head = signed(entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    changed = bytearray(entries[at].bytes)
    bit = data.draw(st.integers(0, 8 * len(changed) - 1))
    changed[bit // 8] ^= 1 << bit % 8
    entries[at] = entries[at]._replace(bytes=bytes(changed))
    assert places(verify(entries, head)) == {at + 1}


@given(chains, st.data())
def test_one_changed_bit_of_a_digest_is_found_at_that_entry(
    entries: list[StoredEntry], data: st.DataObject
) -> None:
    head = signed(entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    bit = data.draw(st.integers(0, 255))
    digest = int.from_bytes(entries[at].digest) ^ 1 << bit
    entries[at] = entries[at]._replace(digest=digest.to_bytes(32))
    report = verify(entries, head)
    assert [finding.what for finding in report.findings] == [
        f"the digest beside entry {at + 1} was changed; the entry itself is whole"
    ]


@given(chains, events, st.data())
def test_an_exchanged_event_with_its_digest_is_found_there_or_just_behind(
    entries: list[StoredEntry], other: Event, data: st.DataObject
) -> None:
    head = signed(entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    before = last_of(entries[:at])
    [forged] = chained([other], before)
    assume(forged != entries[at])
    entries[at] = forged
    assert places(verify(entries, head)) == {min(at + 2, len(entries))}


@given(chains, st.data())
def test_removed_entries_are_found_where_they_were(
    entries: list[StoredEntry], data: st.DataObject
) -> None:
    head = signed(entries)
    first = data.draw(st.integers(0, len(entries) - 1))
    last = data.draw(st.integers(first + 1, len(entries)))
    del entries[first:last]
    report = verify(entries, head)
    assert places(report) == {first + 1}
    assert "missing" in report.findings[0].what


@given(chains, st.data())
def test_removed_entries_with_the_rest_renumbered_are_found_where_they_were(
    entries: list[StoredEntry], data: st.DataObject
) -> None:
    head = signed(entries)
    gone = data.draw(st.integers(0, len(entries) - 1))
    del entries[gone]
    renumbered = [entry._replace(n=n) for n, entry in enumerate(entries, 1)]
    assert verify(renumbered, head).findings[0].n == gone + 1


@given(st.lists(events, min_size=2, max_size=8).map(chained), st.data())
def test_exchanged_entries_are_found_at_both_places(
    entries: list[StoredEntry], data: st.DataObject
) -> None:
    head = signed(entries)
    one = data.draw(st.integers(0, len(entries) - 2))
    other = data.draw(st.integers(one + 1, len(entries) - 1))
    entries[one], entries[other] = (
        entries[other]._replace(n=one + 1),
        entries[one]._replace(n=other + 1),
    )
    assert places(verify(entries, head)) == {one + 1, other + 1}


@given(chains, chains, st.data())
def test_a_chain_recomputed_from_any_entry_on_does_not_get_a_head(
    entries: list[StoredEntry], others: list[StoredEntry], data: st.DataObject
) -> None:
    head = signed(entries)
    kept = data.draw(st.integers(0, len(entries)))
    after = last_of(entries[:kept])
    new = [decode_entry(entry.bytes)[2] for entry in others]
    recomputed = entries[:kept] + chained(new, after)
    assume(recomputed[: len(entries)] != entries)
    assert not verify(recomputed, head).intact
    stolen = SignedHead(*last_of(recomputed), head.key_n, head.mac)
    assert not verify(recomputed, stolen).intact


@given(chains, st.data())
def test_a_tail_cut_with_an_older_head_put_back_is_found_by_a_checkpoint(
    entries: list[StoredEntry], data: st.DataObject
) -> None:
    checkpoint = signed(entries)
    kept = data.draw(st.integers(1, len(entries)))
    older = entries[:kept]
    report = verify(older, signed(older), checkpoint)
    assert report.intact == (kept == len(entries))
    assert places(report) == (set() if report.intact else {len(entries)})


@given(chains, st.sampled_from(SearchColumns._fields), texts, st.data())
def test_a_changed_search_column_is_named(
    entries: list[StoredEntry], column: str, value: str, data: st.DataObject
) -> None:
    head = signed(entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    columns = SearchColumns(**(entries[at].columns._asdict() | {column: value}))
    assume(columns != entries[at].columns)
    entries[at] = entries[at]._replace(columns=columns)
    report = verify(entries, head)
    assert [finding.n for finding in report.findings] == [at + 1]
    assert f"column {column} " in report.findings[0].what


@given(chains, st.integers(0, 8 * 32 - 1))
def test_one_changed_bit_of_the_heads_signature_is_found(
    entries: list[StoredEntry], bit: int
) -> None:
    head = signed(entries)
    mac = int.from_bytes(head.mac) ^ 1 << bit
    assert places(verify(entries, head._replace(mac=mac.to_bytes(32)))) == {head.n}


@given(
    st.builds(
        SignedHead,
        nodes,
        st.integers(0, 2**63 - 1),
        st.binary(min_size=32, max_size=32),
        st.integers(1, 2**32 - 1),
        st.binary(min_size=32, max_size=32),
    )
)
def test_a_checkpoint_comes_back_from_its_line(checkpoint: SignedHead) -> None:
    assert decode_checkpoint(encode_checkpoint(checkpoint)) == checkpoint


@pytest.mark.parametrize("n", [0, 1])
def test_signatures_are_made_with_the_newest_key_and_old_ones_hold(n: int) -> None:
    old = AuditKey({1: bytes(range(32))})
    assert KEY.sign(NODE, n, bytes(32))[0] == 2
    assert KEY.check(NODE, n, bytes(32), *old.sign(NODE, n, bytes(32)))


@given(st.tuples(nodes, numbers), st.tuples(nodes, numbers))
def test_two_places_have_two_ids(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (event_id(*one) == event_id(*other)) == (one == other)


@given(chains, nodes.filter(lambda node: node != NODE), st.data())
def test_an_entry_taken_from_another_nodes_chain_is_found_at_its_place(
    entries: list[StoredEntry], node: int, data: st.DataObject
) -> None:
    head = signed(entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    told = [decode_entry(entry.bytes)[2] for entry in entries]
    entries[at] = chained(told, genesis(node))[at]._replace(node=NODE)
    assert places(verify(entries, head)) == {at + 1}
