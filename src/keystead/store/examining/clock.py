"""Whether time went on: what was entered is not of later than now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.core.clock import MINUTE, format_instant
from keystead.core.errors import Misconfigured

if TYPE_CHECKING:
    from keystead.core.clock import Instant

__all__ = ["NEWEST_ENTRY", "require_clock"]

NEWEST_ENTRY: Final = "SELECT max(at) FROM audit_entries"


def require_clock(newest: Instant | None, at: Instant) -> None:
    """Refuse a clock that is more than a minute behind the audit.

    Args:
        newest: the value of `NEWEST_ENTRY`.
        at: now.

    Raises:
        Misconfigured: it is.
    """
    if newest is not None and newest > at + MINUTE:
        raise Misconfigured(
            f"the newest audit entry is of {format_instant(newest)}, later than now "
            f"({format_instant(at)}): a clock went back, and what has expired may be good again."
        )
