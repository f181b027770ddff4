"""Stories of an auditor: what was done to the database, and the sentence that verify says about it."""

from collections.abc import Callable, Iterable, Sequence

import pytest

from keystead.audit.chain import (
    Head,
    SearchColumns,
    SignedHead,
    StoredEntry,
    follow,
    genesis,
)
from keystead.audit.entry import encode_entry
from keystead.audit.event import Event, ObjectRef
from keystead.audit.findings import MOST_FINDINGS, Finding, Report
from keystead.audit.verifier import Verifier
from keystead.core.actor import Actor
from keystead.core.clock import Instant
from keystead.crypto.audit_key import AuditKey

KEY = AuditKey({1: bytes(range(32))})
FOREIGN = AuditKey({1: bytes(32)})
NODE = 3
BEGINNING = genesis(NODE)


def event(n: int, owner: str = "own_0123456789Az") -> Event:
    return Event(
        at=Instant(1_798_761_600_000_000 + n),
        actor=Actor(owner, "cred_0123456789Az", "api_token"),
        verb="secret.read",
        object=ObjectRef("account", "acct_0123456789Az", "db"),
        decision="allowed",
        code="ok",
        rule="ok",
        address="192.0.2.1",
        asserted_by="socket",
        request_id="req_0123456789Az",
        agent="",
    )


def chained(events: Iterable[Event], after: Head = BEGINNING) -> list[StoredEntry]:
    entries, head = [], after
    for one in events:
        data = encode_entry(head.node, head.n + 1, one)
        head = follow(head, data)
        entries.append(StoredEntry(head.node, head.n, data, head.digest, SearchColumns.of(one)))
    return entries


def last_of(entries: Sequence[StoredEntry]) -> Head:
    return Head(entries[-1].node, entries[-1].n, entries[-1].digest) if entries else BEGINNING


def head_of(entries: Sequence[StoredEntry], key: AuditKey = KEY) -> SignedHead:
    head = last_of(entries)
    return SignedHead(*head, *key.sign(*head))


def verify(
    entries: Iterable[StoredEntry], head: SignedHead | None, since: SignedHead | None = None
) -> Report:
    verifier = Verifier(KEY, NODE, () if since is None else (since,))
    verifier.feed_all(entries)
    return verifier.finish(head)


def told(report: Report) -> list[str]:
    return [finding.what for finding in report.findings]


@pytest.fixture
def entries() -> list[StoredEntry]:
    return chained(map(event, range(1, 11)))


@pytest.fixture
def head(entries: list[StoredEntry]) -> SignedHead:
    return head_of(entries)


def forged(entry: StoredEntry) -> StoredEntry:
    """The same row, as if somebody else had done it; its digest is left as it was."""
    other = event(entry.n, owner="own_someoneelse0")
    return entry._replace(
        bytes=encode_entry(entry.node, entry.n, other), columns=SearchColumns.of(other)
    )


def test_a_whole_audit_is_intact(entries: list[StoredEntry], head: SignedHead) -> None:
    report = verify(entries, head, head_of(entries[:4]))
    assert report.intact
    assert (report.entries, report.head) == (10, Head(NODE, 10, head.digest))


def test_an_audit_without_entries_is_intact() -> None:
    assert verify([], head_of([])).intact
    assert verify([], head_of([]), head_of([])).intact


def test_an_edited_entry_is_named(entries: list[StoredEntry], head: SignedHead) -> None:
    entries[4] = forged(entries[4])
    assert verify(entries, head).findings == (
        Finding(5, "entry 5 was edited, or entry 4 was edited together with its digest"),
    )


def test_the_first_entry_has_none_before_it_to_blame(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    entries[0] = forged(entries[0])
    assert verify(entries, head).findings == (Finding(1, "entry 1 was edited"),)


def test_an_edit_whose_digest_was_recomputed_shows_at_the_next_entry(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    entry = forged(entries[4])
    before = last_of(entries[:4])
    entries[4] = entry._replace(digest=follow(before, entry.bytes).digest)
    assert verify(entries, head).findings == (
        Finding(6, "entry 6 was edited, or entry 5 was edited together with its digest"),
    )


def test_a_digest_that_was_changed_alone_is_told_apart(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    whole = "the digest beside entry {} was changed; the entry itself is whole"
    entries[4] = entries[4]._replace(digest=bytes(32))
    entries[9] = entries[9]._replace(digest=bytes(32))
    report = verify(entries, head, head)
    assert report.findings == (Finding(5, whole.format(5)), Finding(10, whole.format(10)))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", 1),
        ("verb", "secret.list"),
        ("owner_id", ""),
        ("credential_id", "cred_another00000"),
        ("object_type", "folder"),
        ("object_id", "acct_another00000"),
        ("decision", "refused"),
    ],
)
def test_a_search_column_that_hides_an_entry_is_named(
    entries: list[StoredEntry], head: SignedHead, column: str, value: str | int
) -> None:
    changed = SearchColumns(**(entries[4].columns._asdict() | {column: value}))
    entries[4] = entries[4]._replace(columns=changed)
    assert verify(entries, head).findings == (
        Finding(5, f"the search column {column} differs from the entry's bytes"),
    )


def test_every_search_column_is_compared() -> None:
    marks = test_a_search_column_that_hides_an_entry_is_named.pytestmark  # type: ignore[attr-defined]
    assert tuple(column for column, _ in marks[0].args[1]) == SearchColumns._fields


def test_removed_entries_are_counted_from_where_to_where(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    assert verify(entries[:2] + entries[3:6] + entries[8:], head).findings == (
        Finding(3, "entry 3 is missing"),
        Finding(7, "entries 7 to 8 are missing"),
    )


def test_a_removed_beginning_is_missing(entries: list[StoredEntry], head: SignedHead) -> None:
    assert verify(entries[2:], head).findings == (Finding(1, "entries 1 to 2 are missing"),)


def test_a_tail_that_was_cut_is_missing_before_the_head(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    assert verify(entries[:7], head).findings == (
        Finding(8, "entries 8 to 10 are missing: the tail was cut"),
    )


def test_a_whole_audit_that_was_emptied_is_missing(head: SignedHead) -> None:
    assert verify([], head).findings == (
        Finding(1, "entries 1 to 10 are missing: the tail was cut"),
    )


def test_entries_beyond_the_head_are_told(entries: list[StoredEntry]) -> None:
    assert verify(entries, head_of(entries[:8])).findings == (
        Finding(9, "entries 9 to 10 are beyond the head"),
    )


def test_two_exchanged_entries_are_both_named(entries: list[StoredEntry], head: SignedHead) -> None:
    third, seventh = entries[2], entries[6]
    entries[2], entries[6] = seventh._replace(n=3), third._replace(n=7)
    moved = "order changed: what is stored as entry {} was written as entry {}"
    assert verify(entries, head).findings == (
        Finding(3, moved.format(3, 7)),
        Finding(7, moved.format(7, 3)),
    )


def test_a_removal_with_the_rest_renumbered_shows_where_it_begins(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    del entries[4]
    renumbered = [entry._replace(n=n) for n, entry in enumerate(entries, 1)]
    first = verify(renumbered, head).findings[0]
    assert first == Finding(5, "order changed: what is stored as entry 5 was written as entry 6")


def test_entries_out_of_order_are_told(entries: list[StoredEntry], head: SignedHead) -> None:
    entries[4], entries[5] = entries[5], entries[4]
    assert told(verify(entries, head)) == [
        "entry 5 is missing",
        "order changed: entry 5 comes after entry 6",
    ]


def test_a_chain_recomputed_without_the_key_does_not_fit_its_head(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    after = last_of(entries[:4])
    recomputed = entries[:4] + chained(
        (event(n, owner="own_someoneelse0") for n in range(5, 11)), after
    )
    assert told(verify(recomputed, head)) == [
        (
            "the head was signed over another entry 10: it was edited together with its digest, or the"
            " chain was recomputed"
        )
    ]
    unsigned = head_of(recomputed, FOREIGN)
    assert told(verify(recomputed, unsigned)) == [
        (
            "the head is not signed by this installation's audit key: the chain was recomputed or"
            " belongs to another installation"
        )
    ]


def test_a_checkpoint_shows_a_chain_that_was_recomputed_even_with_the_key(
    entries: list[StoredEntry],
) -> None:
    checkpoint = head_of(entries[:6])
    recomputed = entries[:4] + chained(
        (event(n, owner="own_someoneelse0") for n in range(5, 11)), last_of(entries[:4])
    )
    assert verify(recomputed, head_of(recomputed)).intact
    assert verify(recomputed, head_of(recomputed), checkpoint).findings == (
        Finding(
            6,
            "the exported checkpoint is contradicted: entry 6 or one before it was changed after"
            " the export, and the digests recomputed",
        ),
    )


def test_only_a_checkpoint_shows_an_older_backup_put_back(entries: list[StoredEntry]) -> None:
    checkpoint = head_of(entries)
    older = entries[:6]
    assert verify(older, head_of(older)).intact
    assert verify(older, head_of(older), checkpoint).findings == (
        Finding(
            10,
            "the exported checkpoint is not reached: the audit ends at entry 6; its tail was cut or"
            " an older backup restored",
        ),
    )


def test_a_checkpoint_of_another_installation_is_told(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    assert verify(entries, head, head_of(entries, FOREIGN)).findings == (
        Finding(10, "the checkpoint was not signed by this installation's audit key"),
    )


def test_a_lost_head_is_told(entries: list[StoredEntry]) -> None:
    assert verify(entries, None).findings == (Finding(10, "the signed head is missing"),)


def test_bytes_that_cannot_be_read_are_told(entries: list[StoredEntry], head: SignedHead) -> None:
    entries[4] = entries[4]._replace(bytes=b"gone")
    assert verify(entries, head).findings == (
        Finding(5, "entry 5 cannot be read: these bytes are no audit entry"),
        Finding(5, "entry 5 was edited, or entry 4 was edited together with its digest"),
    )


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda found: found[:5] + found[6:], id="entry-missing-behind-an-edited-one"),
        pytest.param(lambda found: found[:5], id="tail-cut-behind-an-edited-one"),
        pytest.param(lambda found: [*found[:5], forged(found[5]), *found[6:]], id="two-in-a-row"),
    ],
)
def test_an_edit_is_named_whatever_comes_behind_it(
    entries: list[StoredEntry],
    head: SignedHead,
    harm: Callable[[list[StoredEntry]], list[StoredEntry]],
) -> None:
    entries[4] = forged(entries[4])
    report = verify(harm(entries), head)
    assert [finding.n for finding in report.findings] == [5, 6]
    assert report.findings[0].what.startswith("entry 5 was edited")


def test_findings_are_listed_to_a_bound_and_counted_beyond_it() -> None:
    many = chained(map(event, range(1, 301)))
    report = verify([forged(entry) for entry in many], head_of(many))
    assert len(report.findings) == MOST_FINDINGS
    assert report.unlisted == 300 - MOST_FINDINGS
    assert not report.intact


def elsewhere(node: int = 8) -> list[StoredEntry]:
    """The chain of another node of the same installation, of as many entries."""
    return chained(map(event, range(1, 11)), genesis(node))


def test_two_nodes_with_the_same_events_share_no_digest(entries: list[StoredEntry]) -> None:
    assert not {entry.digest for entry in entries} & {entry.digest for entry in elsewhere()}


def test_an_entry_of_another_nodes_chain_is_named(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    entries[4] = elsewhere()[4]._replace(node=NODE)
    assert verify(entries, head).findings == (
        Finding(
            5,
            "what is stored as entry 5 was written as entry 5 of the chain of node 8, not of this"
            " one",
        ),
    )


def test_an_entry_that_says_it_is_another_nodes_is_named(
    entries: list[StoredEntry], head: SignedHead
) -> None:
    entries[4] = elsewhere()[4]
    assert verify(entries, head).findings == (
        Finding(5, "entry 5 is of the chain of node 8, not of this one"),
        Finding(5, "entry 5 is missing"),
    )


def test_a_chain_put_in_another_nodes_place_is_found_at_every_entry() -> None:
    foreign = [entry._replace(node=NODE) for entry in elsewhere()]
    head = head_of(elsewhere())
    report = verify(foreign, head._replace(node=NODE))
    assert {finding.n for finding in report.findings} == set(range(1, 11))
    assert "the head is not signed by this installation's audit key" in told(report)[-1]


def test_another_nodes_head_is_told(entries: list[StoredEntry]) -> None:
    assert verify(entries, head_of(elsewhere())).findings == (
        Finding(10, "the head is of the chain of node 8, not of this one"),
    )


def test_another_nodes_checkpoint_is_told(entries: list[StoredEntry], head: SignedHead) -> None:
    assert verify(entries, head, head_of(elsewhere()[:6])).findings == (
        Finding(6, "the checkpoint is of the chain of node 8, not of this one"),
    )
