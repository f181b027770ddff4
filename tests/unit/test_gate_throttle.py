"""What strangers may cost, minute by minute."""

from __future__ import annotations

from keystead.core.clock import MINUTE, SECOND, Instant
from keystead.gate.throttle import (
    ENTRIES_PER_ADDRESS,
    ENTRIES_PER_MINUTE,
    FAILURES_PER_ADDRESS,
    Strangers,
)

NOON = Instant(1_800_000_000 * SECOND // MINUTE * MINUTE)
EARLIER = Instant(NOON - SECOND)


def test_an_older_instant_does_not_begin_a_minute_anew() -> None:
    strangers = Strangers()
    entered = [
        strangers.should_enter("192.0.2.1", EARLIER if turn % 2 else NOON) for turn in range(100)
    ]
    assert sum(entered) == ENTRIES_PER_ADDRESS
    waits = [
        strangers.must_wait("192.0.2.1", EARLIER if turn % 2 else NOON)
        for turn in range(FAILURES_PER_ADDRESS + 4)
    ]
    assert [wait is None for wait in waits] == [True] * FAILURES_PER_ADDRESS + [False] * 4
    assert all(1 <= wait <= 60 for wait in waits if wait is not None)


def test_the_next_minute_begins_anew() -> None:
    strangers = Strangers()
    for turn in (0, 1):
        at = Instant(NOON + turn * MINUTE)
        assert sum(strangers.should_enter("192.0.2.1", at) for _ in range(20)) == 10


def test_all_addresses_of_an_ipv6_network_are_one_stranger() -> None:
    strangers = Strangers()
    entered = [strangers.should_enter(f"2001:db8::{host:x}", NOON) for host in range(50)]
    assert sum(entered) == ENTRIES_PER_ADDRESS
    assert strangers.should_enter("2001:db8:0:1::1", NOON)
    summary = strangers.take_summary()
    assert summary is not None
    assert (summary.refusals, summary.addresses) == (40, 1)


def test_a_minute_has_a_bound_over_all_addresses() -> None:
    strangers = Strangers()
    entered = [strangers.should_enter(f"192.0.2.{host}", NOON) for host in range(150)]
    assert sum(entered) == ENTRIES_PER_MINUTE


def test_a_summary_that_could_not_be_entered_is_part_of_the_next() -> None:
    strangers = Strangers()
    for _ in range(ENTRIES_PER_ADDRESS + 5):
        strangers.should_enter("192.0.2.1", NOON)
    first = strangers.take_summary()
    assert first is not None
    assert strangers.take_summary() is None
    for _ in range(2):
        strangers.should_enter("192.0.2.1", NOON)
    strangers.give_back(first)
    rest = strangers.take_summary()
    assert rest is not None
    assert (rest.refusals, rest.addresses) == (7, 1)
