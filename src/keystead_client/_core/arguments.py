"""A call's arguments as a path, a query or a body has them."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Final
from urllib.parse import quote

__all__ = ["UNSET", "Unset", "format_instant", "path_of", "query_of", "set_fields"]


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""Leave this field out: an edit leaves it as it is, and what is made has the server's default.

None is a value of its own.
"""


def path_of(*segments: str) -> str:
    """Join path segments, each percent-encoded whole.

    Raises:
        ValueError: a segment is empty, `.` or `..`: nothing is named so, and proxies would rewrite it.
    """
    if any(segment in {"", ".", ".."} for segment in segments):
        raise ValueError("a part of a path is neither empty nor '.' nor '..'")
    return "".join(["/" + quote(segment, safe="") for segment in segments])


def query_of(**values: str | int | datetime | None) -> tuple[tuple[str, str], ...]:
    """Keep the values that are given, as text."""
    return tuple(
        (name, format_instant(value) if isinstance(value, datetime) else str(value))
        for name, value in values.items()
        if value is not None
    )


def set_fields(**values: object) -> dict[str, object]:
    """Keep the fields that are set; instants become text, None stays null."""
    return {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not UNSET
    }


def format_instant(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC.

    Raises:
        ValueError: it has no time zone, so it names no instant.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone: datetime(…, tzinfo=UTC)")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
