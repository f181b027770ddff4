"""Stories of an auditor of several chains: what one of them has joined is held against another."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from keystead.audit.chain import (
    Head,
    Place,
    SearchColumns,
    SignedHead,
    StoredEntry,
    follow,
    genesis,
)
from keystead.audit.entry import encode_entry
from keystead.audit.errors import BrokenEntry
from keystead.audit.event import Event
from keystead.audit.findings import Finding
from keystead.audit.joins import JOIN, JOINED, facts_of, heads_in
from keystead.audit.verification import Verification
from keystead.core.actor import SYSTEM
from keystead.core.clock import Instant
from keystead.crypto.audit_key import AuditKey

KEY = AuditKey({1: bytes(range(32))})
FOREIGN = AuditKey({1: bytes(32)})

Facts = dict[str, str | int | bool]


def event(verb: str, facts: Facts | None = None) -> Event:
    return Event(
        at=Instant(1_798_761_600_000_000),
        actor=SYSTEM,
        verb=verb,
        object=JOINED if verb == JOIN else None,
        decision="allowed",
        code="ok",
        rule="",
        address="",
        asserted_by="",
        request_id="req_0123456789Az",
        agent="",
        facts=facts,
    )


@dataclass
class Chain:
    """One node's chain, as it was written."""

    node: int
    entries: list[StoredEntry] = field(default_factory=list)

    @property
    def head(self) -> Head:
        last = self.entries[-1:]
        return Head(self.node, last[0].n, last[0].digest) if last else genesis(self.node)

    def signed(self, n: int | None = None, key: AuditKey = KEY) -> SignedHead:
        head = self.head if n is None else Head(self.node, n, self.entries[n - 1].digest)
        return SignedHead(*head, *key.sign(*head))

    def write(self, *told: Event) -> None:
        for one in told:
            data = encode_entry(self.node, self.head.n + 1, one)
            head = follow(self.head, data)
            columns = SearchColumns.of(one)
            self.entries.append(StoredEntry(*head[:2], data, head.digest, columns))

    def act(self, times: int = 1) -> None:
        self.write(*[event("secret.read")] * times)

    def join(self, *heads: SignedHead) -> None:
        self.write(event(JOIN, facts_of(heads)))

    def cut(self, n: int) -> None:
        del self.entries[n:]


def verify(*chains: Chain, checkpoints: tuple[SignedHead, ...] = ()) -> dict[int, list[Finding]]:
    """Verify chains that are each whole in themselves: their heads are signed anew."""
    verification = Verification(KEY, checkpoints)
    digests = {Place(e.node, e.n): e.digest for chain in chains for e in chain.entries}
    for chain in chains:
        for i in range(0, len(chain.entries), 2):
            verification.feed(chain.node, chain.entries[i : i + 2])
            asked = verification.asked()
            verification.answer({place: digests[place] for place in asked if place in digests})
        verification.end(chain.node, chain.signed())
    return {report.head.node: list(report.findings) for report in verification.reports()}


@pytest.fixture
def one() -> Chain:
    made = Chain(1)
    made.act(5)
    return made


@pytest.fixture
def other(one: Chain) -> Chain:
    made = Chain(4)
    made.act()
    made.join(one.signed(2))
    made.act()
    made.join(one.signed(4))
    return made


def missing(n: int, by: int) -> Finding:
    return Finding(
        n,
        f"entry {n} is missing, which node 4 joined by its entry {by}: the tail was cut, an older state put"
        " back, or the chain removed",
    )


def changed(n: int, by: int) -> Finding:
    return Finding(
        n,
        f"entry {n} is not the one that node 4 joined by its entry {by}: this chain was changed, or cut and"
        " grown anew",
    )


def test_whole_chains_that_join_each_other_are_intact(one: Chain, other: Chain) -> None:
    one.join(other.signed())
    assert verify(one, other) == {1: [], 4: []}
    assert verify(other, one) == {1: [], 4: []}


def test_a_cut_tail_is_missing_up_to_the_last_that_was_joined(one: Chain, other: Chain) -> None:
    one.cut(1)
    assert verify(one, other) == {1: [missing(4, by=4)], 4: []}


def test_what_nobody_had_joined_yet_can_be_cut_unseen(one: Chain, other: Chain) -> None:
    one.cut(4)
    assert verify(one, other) == {1: [], 4: []}


def test_a_chain_that_grew_anew_differs_from_the_first_that_was_joined(
    one: Chain, other: Chain
) -> None:
    one.cut(1)
    one.write(*[event("secret.write")] * 5)
    assert verify(one, other) == {1: [changed(2, by=2)], 4: []}
    one.cut(3)
    assert verify(one, other) == {1: [changed(2, by=2), missing(4, by=4)], 4: []}


def test_a_chain_that_is_gone_is_reported_too(other: Chain) -> None:
    gone = Finding(0, "the chain is gone: there is neither an entry nor a signed head")
    assert verify(other) == {1: [gone, missing(4, by=4)], 4: []}


def test_of_two_witnesses_the_strongest_is_named(one: Chain, other: Chain) -> None:
    third = Chain(2)
    third.join(one.signed(5))
    one.cut(1)
    (finding,) = verify(one, third, other)[1]
    assert finding.n == 5
    assert "which node 2 joined by its entry 1" in finding.what


def test_a_head_with_a_foreign_signature_accuses_who_joins_it(one: Chain) -> None:
    liar = Chain(4)
    liar.join(one.signed(2)._replace(n=9))
    liar.join(one.signed(3, FOREIGN))
    assert verify(one, liar) == {
        1: [],
        4: [
            Finding(
                n,
                f"entry {n} joins a head of node 1 that was not signed by this installation's audit key",
            )
            for n in (1, 2)
        ],
    }


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param({"chain 1": "ksac1"}, "fact 'chain 1' is no audit checkpoint", id="no-line"),
        pytest.param({"chain 1": 7}, "fact 'chain 1' is no audit checkpoint", id="no-text"),
        pytest.param(
            {"chain 2": "ksac1 1 0 " + "0" * 64 + " 1 " + "0" * 64},
            "fact 'chain 2' is a checkpoint of node 1",
            id="another-node",
        ),
    ],
)
def test_a_join_of_something_else_is_told(facts: Facts, said: str) -> None:
    odd = Chain(4)
    odd.write(event(JOIN, facts))
    with pytest.raises(BrokenEntry):
        heads_in(event(JOIN, facts))
    assert verify(odd) == {4: [Finding(1, f"entry 1 joins no head: its {said}")]}


def test_other_acts_and_refused_joins_join_nothing() -> None:
    assert heads_in(event("secret.read", {"chain 1": "x"})) == ()
    assert heads_in(event(JOIN)) == ()


def test_every_checkpoint_of_every_chain_counts(one: Chain, other: Chain) -> None:
    kept = (one.signed(1), other.signed(1), one.signed(3), other.signed())
    assert verify(one, other, checkpoints=kept) == {1: [], 4: []}
    other.cut(2)
    found = verify(one, other, checkpoints=kept)
    assert found[1] == []
    assert [finding.n for finding in found[4]] == [4]
    lost = Chain(9)
    lost.act()
    gone = verify(one, other, checkpoints=(lost.signed(),))[9]
    assert [finding.n for finding in gone] == [0, 1]
