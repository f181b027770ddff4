"""Instants, and the one place that asks the machine for the time (Law 9).

An `Instant` is a whole number of microseconds since 1970-01-01T00:00:00 UTC. Comparing two of them costs
nothing, they have no zone to get wrong, and both store engines hold them exactly.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NewType, Protocol

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "Clock",
    "Instant",
    "SystemClock",
    "earliest",
    "format_instant",
    "later",
    "parse_instant",
    "parse_period",
]

Instant = NewType("Instant", int)

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:[0-5]\d)",
    re.ASCII,
)
_PERIOD = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Clock(Protocol):
    """Whoever says what time it is; rules never ask, they are told."""

    def now(self) -> Instant:
        """Return the present instant."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Instant:
        """Return the present instant, to the microsecond."""
        return Instant(time.time_ns() // 1000)


def earliest(*ends: Instant | None) -> Instant | None:
    """Return the first of several ends; None, which is never, where none of them is one."""
    return min((end for end in ends if end is not None), default=None)


def later(at: Instant, microseconds: int) -> Instant:
    """Return the instant `microseconds` after `at`."""
    return Instant(at + microseconds)


def parse_instant(text: str) -> Instant:
    """Read an RFC 3339 §5.6 date-time with its offset; digits past the microsecond are cut.

    Raises:
        ValueError: the text has another form, no offset, or names no real instant.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        msg = "must be an RFC 3339 instant with its offset, such as 2027-01-31T18:00:00Z"
        raise ValueError(msg)
    day, clock, fraction, offset = match.groups()
    zone = "+00:00" if offset in "Zz" else offset
    try:
        # Into UTC first: an offset can carry a writable date past the years that can be written back.
        whole = datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError):
        msg = "names no real instant"
        raise ValueError(msg) from None
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    return Instant(whole // timedelta(microseconds=1) + micros)


def parse_period(text: str) -> int:
    """Read a period such as `90m`, `12h` or `30d`, in seconds.

    Raises:
        ValueError: the text has another form.
    """
    match = _PERIOD.fullmatch(text)
    if match is None:
        msg = "must be a period such as 90m, 12h or 30d (units: s, m, h, d, w)"
        raise ValueError(msg)
    return int(match[1]) * _UNITS[match[2]]


# A page of a list writes a thousand instants, and half of them twice.
@lru_cache(maxsize=1024)
def format_instant(at: Instant) -> str:
    """Write an instant as RFC 3339 in UTC; the fraction is left out where it is nought."""
    seconds, micros = divmod(at, SECOND)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    stem = f"{_date(days)}T{hour:02}:{minute:02}:{second:02}"
    return f"{stem}.{micros:06}Z" if micros else f"{stem}Z"


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).date().isoformat()
