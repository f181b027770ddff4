"""Stories of an auditor of chains that were cut: what can still be compared, and what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from keystead.audit.chain import Head, Place, SignedHead, genesis
from keystead.audit.cuts import CUT, NotCut, NothingToCut, Reading, cut_in, facts_of
from keystead.audit.errors import BrokenEntry
from keystead.audit.findings import Report
from keystead.audit.verification import Verification
from keystead.core.clock import DAY, Instant, later
from tests.unit.test_audit_verification import FOREIGN, KEY, Chain, event

AT = event("secret.read").at


def at(chain: Chain, n: int) -> Head:
    return Head(chain.node, n, chain.entries[n - 1].digest)


def cut(chain: Chain, n: int) -> SignedHead:
    """Cut a chain as the house does, and return what the store keeps of that."""
    chain.write(event(CUT, facts_of(chain.signed(n), 30)))
    return SignedHead(*at(chain, n), *KEY.sign_cut(*at(chain, n)))


def verify(
    *chains: Chain, cuts: tuple[SignedHead, ...], checkpoints: tuple[SignedHead, ...] = ()
) -> dict[int, Report]:
    """Verify chains of which everything that was cut off is deleted."""
    begins = {each.node: each.n for each in cuts}
    verification = Verification(KEY, checkpoints, cuts)
    kept = [e for chain in chains for e in chain.entries if e.n > begins.get(e.node, 0)]
    digests = {Place(e.node, e.n): e.digest for e in kept}
    for chain in chains:
        verification.feed(chain.node, [e for e in kept if e.node == chain.node])
        verification.answer({p: digests[p] for p in verification.asked() if p in digests})
        verification.end(chain.node, chain.signed())
    return {report.head.node: report for report in verification.reports()}


@pytest.fixture
def one() -> Chain:
    made = Chain(1)
    made.act(6)
    return made


def said(report: Report) -> list[str]:
    return [finding.what for finding in report.findings]


def test_a_chain_begins_behind_its_cut_and_says_when_that_was(one: Chain) -> None:
    report = verify(one, cuts=(cut(one, 4),))[1]
    assert (report.intact, report.begins, report.cut_at, report.entries) == (True, 5, AT, 3)
    assert report.notes == ()


def test_older_checkpoints_are_told_apart_from_broken_ones(one: Chain) -> None:
    older, same, newer = (one.signed(n) for n in (3, 4, 5))
    cuts = (cut(one, 4),)
    report = verify(one, cuts=cuts, checkpoints=(older, same, newer))[1]
    assert report.intact
    assert report.notes == (
        "not verifiable any more: exported checkpoints of entries before that (3)",
    )
    other = at(one, 5)._replace(n=4)
    contradicted = SignedHead(*other, *KEY.sign(*other))
    assert "is contradicted" in said(verify(one, cuts=cuts, checkpoints=(contradicted,))[1])[0]


def test_older_joined_heads_are_told_apart_from_missing_ones(one: Chain) -> None:
    other = Chain(4)
    other.join(one.signed(2))
    other.join(one.signed(4))
    other.join(one.signed(6))
    for order in ((one, other), (other, one)):
        copy = replace(one, entries=list(one.entries))
        chains = [copy if chain is one else chain for chain in order]
        reports = verify(*chains, cuts=(cut(copy, 4),))
        assert [reports[node].findings for node in (1, 4)] == [(), ()]
        assert reports[1].notes == (
            "not verifiable any more: a head of entries before that, which other nodes joined",
        )


def test_a_joined_head_at_the_cut_is_compared_with_it(one: Chain) -> None:
    other = Chain(4)
    wrong = at(one, 5)._replace(n=4)
    other.join(SignedHead(*wrong, *KEY.sign(*wrong)))
    (finding,) = verify(one, other, cuts=(cut(one, 4),))[1].findings
    assert "is not the one that node 4 joined" in finding.what


def test_a_cut_that_no_entry_tells_of_is_found(one: Chain) -> None:
    signed = SignedHead(*at(one, 4), *KEY.sign_cut(*at(one, 4)))
    assert said(verify(one, cuts=(signed,))[1]) == [
        "no entry says that the chain was cut behind entry 4"
    ]


def test_a_cut_by_somebody_without_the_key_is_found(one: Chain) -> None:
    cut(one, 4)
    for sign in (FOREIGN.sign_cut, KEY.sign):
        forged = SignedHead(*at(one, 4), *sign(*at(one, 4)))
        assert said(verify(one, cuts=(forged,))[1]) == [
            "entries 1 to 4 are missing",
            "that the chain was cut behind entry 4 is not signed by this installation's audit key",
        ]


def test_a_cut_of_a_chain_that_is_gone_tells_of_it(one: Chain) -> None:
    kept = cut(one, 4)
    gone = Verification(KEY, (), (kept,)).reports()
    assert "the chain is gone" in gone[0].findings[0].what


def test_a_cut_that_comes_while_a_chain_is_read_is_no_gap(one: Chain) -> None:
    verification = Verification(KEY, (one.signed(3),))
    head = one.signed()
    verification.feed(1, one.entries[:2])
    kept = cut(one, 4)
    verification.moved((kept,))
    verification.moved((kept, kept._replace(n=5)))
    verification.feed(1, one.entries[4:6])
    verification.end(1, head)
    (report,) = verification.reports()
    assert (report.findings, report.begins, report.cut_at) == ((), 5, None)
    assert len(report.notes) == 1


def test_an_entry_that_cuts_at_no_place_is_told(one: Chain) -> None:
    odd = event(CUT, {"through": 3})
    with pytest.raises(BrokenEntry):
        cut_in(odd)
    one.write(odd)
    assert said(verify(one, cuts=())[1]) == [
        "entry 7 cuts nothing: its fact 'checkpoint' is no audit checkpoint"
    ]
    assert cut_in(structs.replace(odd, decision="refused")) is None
    assert cut_in(event("secret.read")) is None


def read(chain: Chain, until: Instant) -> int:
    reading = Reading(genesis(chain.node), until)
    reading.go_on(chain.entries)
    return reading.through.n


def test_the_newest_entry_stays_however_old_it_is(one: Chain) -> None:
    assert read(one, later(AT, 2 * DAY)) == 5


def test_nothing_is_cut_before_a_whole_day_is_to_go(one: Chain) -> None:
    with pytest.raises(NothingToCut):
        read(one, later(AT, DAY - 1))
    assert read(one, later(AT, DAY)) == 5


def test_of_entries_whose_clock_went_back_none_that_is_young_goes(one: Chain) -> None:
    odd = Chain(1)
    odd.act(2)
    odd.write(structs.replace(event("secret.read"), at=later(AT, 9 * DAY)))
    odd.act(3)
    assert read(odd, later(AT, 5 * DAY)) == 2


def test_what_is_not_as_it_was_written_stays(one: Chain) -> None:
    changed: dict[str, Any] = {
        "bytes": one.entries[2].bytes.replace(b"secret.read", b"secret.rode"),
        "digest": bytes(32),
        "n": 9,
        "node": 2,
        "columns": one.entries[2].columns._replace(at=1),
    }
    for name, value in changed.items():
        entries = list(one.entries)
        entries[2] = entries[2]._replace(**{name: value})
        with pytest.raises(NotCut, match="entry 3 of node 1 is missing or not as it was written"):
            Reading(genesis(1), later(AT, 2 * DAY)).go_on(entries)
    spoilt = one.entries[0]._replace(bytes=b"{}")
    with pytest.raises(NotCut, match="entry 1"):
        Reading(genesis(1), later(AT, 2 * DAY)).go_on([spoilt])
