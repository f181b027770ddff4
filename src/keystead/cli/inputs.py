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
from keystead.core.clock import SECOND, Instant, parse_instant, parse_period

__all__ = [
    "ending",
    "levels",
    "metadata",
    "moment",
    "moment_or_none",
    "pairs",
    "seconds",
    "split_path",
    "tidy_path",
    "until",
    "words",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(text: str, option: str) -> int:
    """Read a span such as `90m`, `12h`, `30d`, in seconds.

    Raises:
        Misuse: it has another form.
    """
    try:
        return parse_period(text)
    except ValueError:
        raise Misuse(
            f"{option} takes a span such as 90m, 12h or 30d (units: s, m, h, d, w)"
        ) from None


def moment(text: str, option: str, now: Instant, *, ago: bool = False) -> datetime:
    """Read an RFC 3339 instant, or a span: from now on, or (`ago`) back from now.

    Raises:
        Misuse: it is neither, or lies outside the years 1 to 9999.
    """
    return _moment(text, _span(text), option, now, ago=ago)


def _moment(text: str, span: int | None, option: str, now: Instant, *, ago: bool) -> datetime:
    if span is not None:
        try:
            # Whole seconds: nobody means the microseconds of the moment at which he typed.
            return _EPOCH + timedelta(seconds=now // SECOND + (-span if ago else span))
        except OverflowError:
            raise Misuse(f"{option}: that lies outside the years 1 to 9999") from None
    try:
        return _EPOCH + timedelta(microseconds=parse_instant(text))
    except ValueError as error:
        raise Misuse(f"{option}: {error}, or a span such as 30d") from None


def moment_or_none(
    text: str | None, option: str, now: Instant, *, ago: bool = False
) -> datetime | None:
    """Read an option that may be missing; the rest as `moment`."""
    return None if text is None else moment(text, option, now, ago=ago)


def until(text: str, option: str, now: Instant) -> datetime | None:
    """Read an instant, a span from now on, or `never` (None).

    Raises:
        Misuse: it is none of them.
    """
    return _until(text, _span(text), option, now)


def _until(text: str, span: int | None, option: str, now: Instant) -> datetime | None:
    if text == "never":
        return None
    try:
        return _moment(text, span, option, now, ago=False)
    except Misuse as error:
        raise Misuse(f"{error}, or never") from None


def ending(text: str, option: str, now: Instant) -> dict[str, datetime | str | None]:
    """Read an end as `until`, as the field that says it: a span is the server's to count from its now.

    Raises:
        Misuse: it is none of them.
    """
    span = _span(text)
    end = _until(text, span, option, now)
    return {"expires_at": end} if span is None else {"expires_in": text}


def _span(text: str) -> int | None:
    try:
        return parse_period(text)
    except ValueError:
        return None


def words(texts: Sequence[str]) -> list[str]:
    """Take lists apart at commas and white space; the first of equal words stays."""
    return list(dict.fromkeys(word for text in texts for word in re.split(r"[,\s]+", text) if word))


def pairs(texts: Sequence[str], option: str, form: str) -> dict[str, str]:
    """Read `name=value` pairs, called as in `form`; the value may be empty and may hold `=`.

    Raises:
        Misuse: one has no `=` or no name, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if not name or not mark:
            raise Misuse(f"{option} takes {form}")
        if name in found:
            raise Misuse(f"{option}: {name} is given twice")
        found[name] = value
    return found


def levels(texts: Sequence[str]) -> dict[str, str]:
    """Read `resource=read` and `resource=write`, also as a list with commas.

    Raises:
        Misuse: one has another form, or a resource comes twice.
    """
    return pairs(words(texts), "--level", "RESOURCE=read or RESOURCE=write")


def metadata(texts: Sequence[str]) -> dict[str, str]:
    """Read the texts that are kept with a token; the rest as `pairs`."""
    return pairs(texts, "--metadata", "NAME=VALUE")


def split_path(text: str) -> tuple[str, str]:
    """Part a path into the folder's (empty at the top) and the last name.

    Raises:
        Misuse: a part of it is empty, `.` or `..`.
    """
    above, _, name = tidy_path(text).rpartition("/")
    return above, name


def tidy_path(text: str) -> str:
    """Return a path without slashes around it.

    Raises:
        Misuse: a part of it is empty, `.` or `..`.
    """
    path = text.strip("/")
    if any(part in {"", ".", ".."} for part in path.split("/")):
        raise Misuse("a path is names joined by '/', such as ops/db/orders")
    return path
