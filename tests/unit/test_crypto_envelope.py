import traceback

import pytest

from keystead.crypto.envelope import (
    OVERHEAD,
    SEALS_PER_KEY,
    BrokenEnvelope,
    Place,
    Sealer,
    SealsSpent,
    seal_number,
)

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PLACE = Place("account_versions", "acct_0123456789Az", "fields", 3)
CANARY = b"correct-horse-battery-staple"


def test_what_was_sealed_with_an_old_key_opens_after_a_new_one_came() -> None:
    old = Sealer({1: OLD}).seal(PLACE, CANARY)
    both = Sealer({1: OLD, 2: NEW})
    assert both.open(PLACE, old) == CANARY
    assert (seal_number(old), seal_number(both.seal(PLACE, CANARY))) == (1, 2)


def test_one_value_sealed_twice_gives_two_envelopes() -> None:
    sealer = Sealer({1: OLD})
    assert sealer.seal(PLACE, CANARY) != sealer.seal(PLACE, CANARY)


def test_an_envelope_whose_key_is_gone_names_the_key_it_needs() -> None:
    envelope = Sealer({1: OLD}).seal(PLACE, CANARY)
    with pytest.raises(BrokenEnvelope, match="sealed with key 1, which is not in the keyring"):
        Sealer({2: NEW}).open(PLACE, envelope)


def test_an_envelope_renumbered_to_another_key_of_the_same_bytes_does_not_open() -> None:
    sealer = Sealer({1: OLD, 2: OLD})
    envelope = sealer.seal(PLACE, CANARY)
    renumbered = envelope[:1] + (1).to_bytes(4) + envelope[5:]
    with pytest.raises(BrokenEnvelope):
        sealer.open(PLACE, renumbered)


def test_parts_of_a_name_cannot_be_shifted_from_one_name_to_the_next() -> None:
    sealer = Sealer({1: OLD})
    envelope = sealer.seal(Place("ab", "c", "d", 1), CANARY)
    with pytest.raises(BrokenEnvelope):
        sealer.open(Place("a", "bc", "d", 1), envelope)


@pytest.mark.parametrize("envelope", [b"", b"\x01", b"\x01" * (OVERHEAD - 1), b"\x02" * 64])
def test_bytes_that_are_no_envelope_are_refused(envelope: bytes) -> None:
    with pytest.raises(BrokenEnvelope, match="not a sealed value of a known format"):
        Sealer({1: OLD}).open(PLACE, envelope)


def test_a_broken_envelope_tells_where_it_is_and_nothing_of_what_is_in_it() -> None:
    sealer = Sealer({1: OLD})
    envelope = sealer.seal(PLACE, CANARY)
    with pytest.raises(BrokenEnvelope) as caught:
        sealer.open(PLACE._replace(version=2), envelope)
    told = "".join(traceback.format_exception(caught.value))
    assert "acct_0123456789Az, version 2," in str(caught.value)
    assert CANARY.decode() not in told
    assert caught.value.__suppress_context__


def test_a_key_stops_sealing_when_it_has_sealed_enough() -> None:
    sealer = Sealer({1: OLD})
    sealer.seals = SEALS_PER_KEY - 1
    last = sealer.seal(PLACE, CANARY)
    with pytest.raises(SealsSpent) as caught:
        sealer.seal(PLACE, CANARY)
    assert "seal key 1" in caught.value.detail
    assert sealer.open(PLACE, last) == CANARY


def test_a_sealer_counts_what_it_sealed() -> None:
    sealer = Sealer({1: OLD, 4: NEW})
    for _ in range(3):
        sealer.seal(PLACE, CANARY)
    assert (sealer.newest, sealer.seals) == (4, 3)


@pytest.mark.parametrize("keys", [{}, {1: bytes(16)}, {1: OLD, 2: bytes(33)}])
def test_a_sealer_refuses_keys_of_another_form(keys: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match=r"32 bytes|needs a key"):
        Sealer(keys)


def test_a_sealer_prints_no_key() -> None:
    assert repr(OLD)[2:-1] not in repr(Sealer({1: OLD}))
