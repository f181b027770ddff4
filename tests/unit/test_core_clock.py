"""Instants: read with any offset, kept in UTC, written back the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.core.clock import (
    DAY,
    HOUR,
    SECOND,
    Instant,
    SystemClock,
    format_instant,
    later,
    parse_instant,
)

FIRST = Instant(-62_135_596_800 * SECOND)
LAST = Instant(253_402_300_800 * SECOND - 1)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("2027-01-31T18:00:00Z", "2027-01-31T18:00:00Z"),
        ("2027-01-31t18:00:00z", "2027-01-31T18:00:00Z"),
        ("2027-01-31 18:00:00Z", "2027-01-31T18:00:00Z"),
        ("2027-01-31T18:00:00+00:00", "2027-01-31T18:00:00Z"),
        ("2027-01-31T18:00:00-00:00", "2027-01-31T18:00:00Z"),
        ("2027-01-31T18:00:00+01:00", "2027-01-31T17:00:00Z"),
        ("2027-01-31T18:00:00-09:30", "2027-02-01T03:30:00Z"),
        ("2027-01-31T18:00:00+05:45", "2027-01-31T12:15:00Z"),
        ("2027-01-31T18:00:00+14:00", "2027-01-31T04:00:00Z"),
        ("2027-01-31T18:00:00+23:59", "2027-01-30T18:01:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("2000-02-29T23:59:59Z", "2000-02-29T23:59:59Z"),
        ("2027-01-31T18:00:00.5Z", "2027-01-31T18:00:00.500000Z"),
        ("2027-01-31T18:00:00.000001Z", "2027-01-31T18:00:00.000001Z"),
        ("2027-01-31T18:00:00.123456789Z", "2027-01-31T18:00:00.123456Z"),
        ("2027-01-31T18:00:00.0000009Z", "2027-01-31T18:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0999-12-31T23:59:59Z", "0999-12-31T23:59:59Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_is_kept_in_utc(text: str, written: str) -> None:
    assert format_instant(parse_instant(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2027-01-31",
        "2027-01-31T18:00:00",
        "2027-01-31T18:00Z",
        "2027-01-31T18:00:00 Z",
        " 2027-01-31T18:00:00Z",
        "2027-01-31T18:00:00Z\n",
        "2027-1-31T18:00:00Z",
        "27-01-31T18:00:00Z",
        "2027-01-31T18:00:00.Z",
        "2027-01-31T18:00:00.1234567890Z",
        "2027-01-31T18:00:00,5Z",
        "2027-01-31T18:00:00+1:00",
        "2027-01-31T18:00:00+0100",
        "2027-01-31T18:00:00+24:00",
        "2027-01-31T18:00:00+00:60",
        "2027-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2027-02-30T00:00:00Z",
        "2027-13-01T00:00:00Z",
        "2027-00-01T00:00:00Z",
        "2027-01-00T00:00:00Z",
        "2027-01-31T24:00:00Z",
        "2027-01-31T18:60:00Z",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "-2027-01-31T18:00:00Z",
        "1801418400",
        "\u0662\u0660\u0662\u0667-01-31T18:00:00Z",
        "2027-01-31T18:00:00\u2212 01:00",
        "2027-W05-7T18:00:00Z",
    ],
)
def test_what_names_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be an RFC 3339 instant|names no real instant"):
        parse_instant(text)


@given(st.integers(FIRST, LAST).map(Instant))
def test_what_is_written_reads_back_the_same(at: Instant) -> None:
    assert parse_instant(format_instant(at)) == at


@given(st.integers(FIRST + DAY, LAST - DAY), st.integers(-23 * 60 - 59, 23 * 60 + 59))
def test_an_offset_moves_the_instant_by_itself(at: int, minutes: int) -> None:
    stem = format_instant(Instant(at + minutes * 60 * SECOND)).removesuffix("Z")
    sign, size = ("-", -minutes) if minutes < 0 else ("+", minutes)
    assert parse_instant(f"{stem}{sign}{size // 60:02}:{size % 60:02}") == at


@given(st.text(max_size=40) | st.from_regex(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)\Z"))
def test_no_text_does_more_than_be_refused_and_all_taken_can_be_written(text: str) -> None:
    try:
        at = parse_instant(text)
    except ValueError:
        return
    assert FIRST <= at <= LAST
    assert parse_instant(format_instant(at)) == at


def test_later_counts_in_microseconds() -> None:
    assert later(Instant(5), HOUR) == 5 + 3_600_000_000


def test_the_machine_s_clock_goes_forward_in_microseconds() -> None:
    clock = SystemClock()
    first = clock.now()
    assert clock.now() >= first > parse_instant("2026-01-01T00:00:00Z")
