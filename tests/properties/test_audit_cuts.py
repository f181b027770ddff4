"""However a chain grows and is cut, it is intact; whatever is then changed of what is left is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.audit.chain import Head, SearchColumns, SignedHead, StoredEntry, follow, genesis
from keystead.audit.cuts import CUT, CUT_OFF, NothingToCut, Reading, facts_of
from keystead.audit.entry import encode_entry
from keystead.audit.event import Event
from keystead.audit.verification import Verification
from keystead.core.actor import SYSTEM
from keystead.core.clock import DAY, Instant, later
from keystead.crypto.audit_key import AuditKey

if TYPE_CHECKING:
    from keystead.audit.findings import Report

KEY = AuditKey({1: bytes(range(32))})
NODE = 3
NOON = Instant(20_000 * DAY)
KEPT_DAYS = 30


class House:
    """What a store keeps of one chain, and what the house does to it."""

    def __init__(self) -> None:
        self.entries: list[StoredEntry] = []
        self.head = genesis(NODE)
        self.cut: SignedHead | None = None
        self.at = NOON

    def append(
        self, verb: str = "secret.read", facts: dict[str, str | int | bool] | None = None
    ) -> None:
        about = CUT_OFF if verb == CUT else None
        event = Event(
            self.at, SYSTEM, verb, about, "allowed", "ok", "", "", "", "req_1", "", facts
        )  # fmt: skip
        data = encode_entry(NODE, self.head.n + 1, event)
        self.head = follow(self.head, data)
        self.entries.append(
            StoredEntry(NODE, self.head.n, data, self.head.digest, SearchColumns.of(event))
        )

    def retain(self, *, deletes: int) -> None:
        begins = genesis(NODE) if self.cut is None else Head(*self.cut[:3])
        reading = Reading(begins, later(self.at, -KEPT_DAYS * DAY))
        try:
            reading.go_on([entry for entry in self.entries if entry.n > begins.n])
        except NothingToCut:
            return
        if reading.through.n > begins.n:
            young = [
                entry
                for entry in self.entries
                if entry.columns.at >= later(self.at, -KEPT_DAYS * DAY)
            ]
            through = reading.through
            assert all(entry.n > through.n for entry in young), "what is young stays"
            assert through.n < self.entries[-1].n, "the newest stays"
            self.append(CUT, facts_of(SignedHead(*through, *KEY.sign(*through)), KEPT_DAYS))
            self.cut = SignedHead(*through, *KEY.sign_cut(*through))
        self.delete(deletes)

    def delete(self, most: int) -> None:
        """Delete, as far as it came before a crash."""
        if self.cut is not None:
            gone = [entry for entry in self.entries if entry.n <= self.cut.n][:most]
            self.entries = self.entries[len(gone) :]

    def verify(self) -> Report:
        verification = Verification(KEY, (), () if self.cut is None else (self.cut,))
        verification.feed(NODE, self.entries)
        verification.end(NODE, SignedHead(*self.head, *KEY.sign(*self.head)))
        (report,) = verification.reports()
        return report


steps = st.lists(
    st.tuples(st.sampled_from(["append", "wait", "retain"]), st.integers(0, 40)),
    min_size=1,
    max_size=30,
)


def lived(told: list[tuple[str, int]]) -> House:
    house = House()
    house.append()
    for what, how_much in told:
        if what == "append":
            for _ in range(how_much % 4 + 1):
                house.append()
        elif what == "wait":
            # Also back a little: clocks are set.
            house.at = later(house.at, (how_much - 2) * DAY)
        else:
            house.retain(deletes=how_much)
    return house


@given(steps)
def test_a_chain_is_intact_however_it_was_cut_and_wherever_the_deleting_stopped(
    told: list[tuple[str, int]],
) -> None:
    house = lived(told)
    report = house.verify()
    assert report.findings == ()
    assert report.begins == (1 if house.cut is None else house.cut.n + 1)
    assert report.entries == house.head.n - report.begins + 1
    assert (report.cut_at is None) == (house.cut is None)


def surely_cut(told: list[tuple[str, int]]) -> House:
    house = lived(told)
    for _ in range(3):
        house.append()
    newest = max(entry.columns.at for entry in house.entries)
    house.at = later(Instant(newest), 32 * DAY)
    house.append()
    house.retain(deletes=1_000)
    assert house.cut is not None
    return house


@given(steps, st.data())
def test_what_is_changed_or_taken_away_behind_the_cut_is_found(
    told: list[tuple[str, int]], data: st.DataObject
) -> None:
    house = surely_cut(told)
    at = data.draw(st.integers(0, len(house.entries) - 1))
    if data.draw(st.booleans()):
        del house.entries[at]
    else:
        changed = bytearray(house.entries[at].bytes)
        bit = data.draw(st.integers(0, 8 * len(changed) - 1))
        changed[bit // 8] ^= 1 << bit % 8
        house.entries[at] = house.entries[at]._replace(bytes=bytes(changed))
    assert not house.verify().intact


@given(steps, st.data())
def test_what_is_changed_of_the_cut_is_found(
    told: list[tuple[str, int]], data: st.DataObject
) -> None:
    house = surely_cut(told)
    cut = house.cut
    assert cut is not None
    digest = int.from_bytes(cut.digest) ^ 1 << data.draw(st.integers(0, 255))
    mac = int.from_bytes(cut.mac) ^ 1 << data.draw(st.integers(0, 255))
    later_one = data.draw(st.sampled_from(house.entries))
    signed = SignedHead(
        NODE, later_one.n, later_one.digest, *KEY.sign(*later_one[:2], later_one.digest)
    )
    house.cut = data.draw(
        st.sampled_from([
            None,
            cut._replace(n=cut.n + 1),
            cut._replace(n=cut.n - 1),
            cut._replace(digest=digest.to_bytes(32)),
            cut._replace(mac=mac.to_bytes(32)),
            cut._replace(key_n=2),
            # A true head, as an export or a join holds it, allows no cut.
            signed,
        ])
    )  # fmt: skip
    assert not house.verify().intact


@pytest.mark.parametrize("deletes", [0, 1, 1_000])
def test_what_was_cut_off_and_is_still_there_is_no_finding(deletes: int) -> None:
    house = House()
    for _ in range(9):
        house.append()
    house.at = later(house.at, 40 * DAY)
    house.append()
    house.retain(deletes=deletes)
    assert (house.verify().findings, house.verify().begins) == ((), 10)
