"""A sealed value opens where it was sealed, whole, and nowhere else (Law 5)."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keystead.core.errors import Misconfigured
from keystead.crypto.envelope import BrokenEnvelope, Place, Sealer
from keystead.crypto.keyring import MasterKey

SEALER = Sealer({1: bytes(range(32))})
TWINS = Sealer({n: bytes(range(32)) for n in range(1, 5)})
MASTER = MasterKey(bytes(range(32)))

# Few letters, so that hypothesis meets names that are parts of one another.
names = st.text("ab\u00e9", max_size=4)
places = st.builds(Place, names, names, names, st.integers(0, 3) | st.integers(0, 2**64 - 1))


@given(places, st.binary(max_size=300))
def test_a_value_opens_in_its_place(place: Place, value: bytes) -> None:
    assert SEALER.open(place, SEALER.seal(place, value)) == value


@given(places, places, st.binary(max_size=32))
def test_a_moved_value_never_opens(here: Place, there: Place, value: bytes) -> None:
    assume(here != there)
    envelope = SEALER.seal(here, value)
    with pytest.raises(BrokenEnvelope):
        SEALER.open(there, envelope)


@given(places, st.sampled_from(Place._fields), names, st.integers(0, 2**64 - 1))
def test_one_different_part_of_the_place_is_enough(
    place: Place, part: str, name: str, version: int
) -> None:
    other = Place(**(place._asdict() | {part: version if part == "version" else name}))
    assume(other != place)
    envelope = SEALER.seal(place, b"value")
    with pytest.raises(BrokenEnvelope):
        SEALER.open(other, envelope)


@given(places, st.integers(1, 3))
def test_a_renumbered_value_never_opens_even_under_the_same_key(place: Place, n: int) -> None:
    envelope = TWINS.seal(place, b"value")
    with pytest.raises(BrokenEnvelope):
        TWINS.open(place, envelope[:1] + n.to_bytes(4) + envelope[5:])


@given(places, st.binary(max_size=64), st.data())
def test_one_changed_bit_is_refused(place: Place, value: bytes, data: st.DataObject) -> None:
    envelope = bytearray(SEALER.seal(place, value))
    bit = data.draw(st.integers(0, 8 * len(envelope) - 1))
    envelope[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BrokenEnvelope):
        SEALER.open(place, bytes(envelope))


@given(places, st.binary(max_size=64), st.data())
def test_a_cut_or_lengthened_envelope_is_refused(
    place: Place, value: bytes, data: st.DataObject
) -> None:
    envelope = SEALER.seal(place, value)
    cut = data.draw(st.integers(0, len(envelope) - 1))
    for wrong in (envelope[:cut], envelope[cut + 1 :], envelope + b"\0"):
        with pytest.raises(BrokenEnvelope):
            SEALER.open(place, wrong)


@given(st.binary(max_size=100))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BrokenEnvelope):
        SEALER.open(Place("t", "r", "c", 1), data)


purposes = st.sampled_from(["seal", "pepper", "audit", "seal:1", ""])


@given(purposes, st.integers(0, 99), purposes, st.integers(0, 99))
def test_a_wrapped_key_opens_for_its_purpose_and_number_alone(
    purpose: str, n: int, other: str, m: int
) -> None:
    wrapped = MASTER.wrap(purpose, n, bytes(32))
    assert MASTER.unwrap(purpose, n, wrapped) == bytes(32)
    assume((purpose, n) != (other, m))
    with pytest.raises(Misconfigured):
        MASTER.unwrap(other, m, wrapped)


@given(st.integers(0, 8 * 61 - 1))
def test_one_changed_bit_of_a_wrapped_key_is_refused(bit: int) -> None:
    wrapped = bytearray(MASTER.wrap("seal", 1, bytes(32)))
    wrapped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Misconfigured):
        MASTER.unwrap("seal", 1, bytes(wrapped))
