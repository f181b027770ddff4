"""What refusals may cost, minute by minute."""

from __future__ import annotations

from keystead.core.actor import Actor
from keystead.core.clock import MINUTE, SECOND, Instant, later
from keystead.gate.throttle import (
    ENTRIES_PER_ADDRESS,
    ENTRIES_PER_MINUTE,
    FAILURES_PER_ADDRESS,
    GUESSES_SPAN,
    REFUSALS_PER_CREDENTIAL,
    Attempts,
    Refusals,
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


def test_five_guesses_in_a_quarter_of_an_hour_and_then_a_wait() -> None:
    attempts = Attempts()
    told = [attempts.begin("own_a", "a", later(NOON, turn * SECOND)) for turn in range(8)]
    assert told == [None] * 5 + [895, 894, 893]
    assert attempts.begin("own_b", "b", NOON) is None, "another's guesses are another's"
    assert attempts.begin("own_a", "a", later(NOON, GUESSES_SPAN - 1)) == 1
    assert attempts.begin("own_a", "a", later(NOON, GUESSES_SPAN)) is None


def test_many_credentials_of_one_owner_have_fifty_guesses_between_them() -> None:
    attempts = Attempts()
    told = [attempts.begin("own_a", f"{n // 5}", later(NOON, n * SECOND)) for n in range(60)]
    assert told[:50] == [None] * 50
    assert told[50:] == list(range(850, 840, -1))
    assert attempts.begin("own_b", "b", NOON) is None
    attempts.take_back("own_a", "9")
    assert attempts.begin("own_a", "new", later(NOON, 60 * SECOND)) is None
    assert attempts.begin("own_a", "newer", later(NOON, GUESSES_SPAN)) is None


def test_a_right_guess_is_forgotten_with_those_before_it() -> None:
    attempts = Attempts()
    for _ in range(3):
        assert [attempts.begin("own_a", "a", NOON) for _ in range(5)] == [None] * 5
        attempts.forget("own_a", "a")
    attempts.forget("own_nobody", "n")


def test_guesses_are_not_remembered_beyond_their_time() -> None:
    attempts = Attempts()
    for n in range(12_000):
        attempts.begin(f"own_{n}", "c", later(NOON, n * SECOND))
    assert len(attempts._since) <= 10_000


def actor(n: int) -> Actor:
    return Actor(f"own_{n}", f"cred_{n}", "api_token")


def test_each_credential_has_sixty_entries_a_minute_and_a_summary_by_code() -> None:
    refusals = Refusals()
    for turn in range(REFUSALS_PER_CREDENTIAL):
        assert refusals.should_enter(actor(1), "not_found", EARLIER if turn % 2 else NOON)
    assert not refusals.should_enter(actor(1), "not_found", EARLIER), "no older minute begins anew"
    assert not refusals.should_enter(actor(1), "network_denied", NOON)
    assert refusals.should_enter(actor(2), "not_found", NOON)
    assert refusals.should_enter(actor(1), "not_found", later(NOON, MINUTE))
    assert refusals.take_summaries() == {actor(1): {"not_found": 1, "network_denied": 1}}
    assert refusals.take_summaries() == {}


def test_summaries_that_could_not_be_entered_are_part_of_the_next() -> None:
    refusals = Refusals()
    for _ in range(REFUSALS_PER_CREDENTIAL + 2):
        refusals.should_enter(actor(1), "not_found", NOON)
    first = refusals.take_summaries()
    refusals.should_enter(actor(1), "not_found", NOON)
    refusals.give_back(first)
    assert refusals.take_summaries() == {actor(1): {"not_found": 3}}
