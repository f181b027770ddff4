"""What is typed on the command line, turned into what the server understands.

Words are read here (`30d`, `accounts=read`, lists with commas); whether a scope exists or a network is
well-formed is the server's to say, and it names every wrong one at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from keystead.cli.failures import Misuse
from keystead.core.clock import SECOND, Instant, parse_instant

__all__ = [
    "levels",
    "moment",
    "moment_or_none",
    "pairs",
    "require_change",
    "seconds",
    "until",
    "words",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION: Final = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(text: str, option: str) -> int:
    """Read a span such as `90m`, `12h`, `30d`, in seconds.

    Raises:
        Misuse: it has another form.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise Misuse(f"{option} takes a span such as 90m, 12h or 30d (units: s, m, h, d, w)")
    return int(match[1]) * _UNITS[match[2]]


def moment(text: str, option: str, now: Instant) -> datetime:
    """Read an RFC 3339 instant, or a span from now on.

    Raises:
        Misuse: it is neither, or lies beyond the year 9999.
    """
    if _DURATION.fullmatch(text) is not None:
        try:
            # Whole seconds: nobody means the microseconds of the moment at which he typed.
            return _EPOCH + timedelta(seconds=now // SECOND + seconds(text, option))
        except OverflowError:
            raise Misuse(f"{option}: that lies beyond the year 9999") from None
    try:
        return _EPOCH + timedelta(microseconds=parse_instant(text))
    except ValueError as error:
        raise Misuse(f"{option}: {error}, or a span such as 30d") from None


def moment_or_none(text: str | None, option: str, now: Instant) -> datetime | None:
    """Read an option that may be missing; the rest as `moment`."""
    return None if text is None else moment(text, option, now)


def until(text: str, option: str, now: Instant) -> datetime | None:
    """Read an instant, a span from now on, or `never` (None).

    Raises:
        Misuse: it is none of them.
    """
    if text == "never":
        return None
    try:
        return moment(text, option, now)
    except Misuse as error:
        raise Misuse(f"{error}, or never") from None


def require_change(*given: object) -> None:
    """Refuse an edit that changes nothing.

    Raises:
        Misuse: no option was given.
    """
    if all(value is None or value is False or value == [] for value in given):
        raise Misuse("nothing to change: give what shall be different")


def words(texts: Sequence[str]) -> list[str]:
    """Take lists apart at commas and white space; the first of equal words stays."""
    return list(dict.fromkeys(word for text in texts for word in re.split(r"[,\s]+", text) if word))


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Read `name=value` pairs; the value may be empty and may hold `=`.

    Raises:
        Misuse: one has no `=` or no name, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if not name or not mark:
            raise Misuse(f"{option} takes name=value")
        if name in found:
            raise Misuse(f"{option}: {name} is given twice")
        found[name] = value
    return found


def levels(texts: Sequence[str]) -> dict[str, str]:
    """Read `resource=read` and `resource=write`, also as a list with commas.

    Raises:
        Misuse: one has another form, or a resource comes twice.
    """
    return pairs(words(texts), "--level")
