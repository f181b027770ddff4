"""A credential's end as it is sent: an instant, or a period that the server's own clock makes one of.

Row A6 of docs/features.md. A client whose clock is wrong asks for thirty days and gets thirty days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from keystead.core.clock import SECOND, Instant, parse_instant, parse_period
from keystead.core.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.api.instants import Instants

__all__ = ["PERIOD", "end_named", "read_end"]

PERIOD: Final = "expires_in"
_END: Final = "expires_at"
_LAST: Final = parse_instant("9999-12-31T23:59:59Z")


def read_end(
    given: Mapping[str, object], at: Instant, instants: Instants
) -> Instant | UnsetType | None:
    """Return the end that was sent; UNSET where none was, or a wrong one, which `instants` then knows."""
    if PERIOD not in given:
        return instants.read(given, _END)
    if _END in given:
        instants.wrong.append(FieldError(PERIOD, f"excludes {_END}: give one of the two"))
        return UNSET
    try:
        # Whole seconds: nobody means the microseconds of the moment at which he asked.
        end = Instant((at // SECOND + parse_period(str(given[PERIOD]))) * SECOND)
    except ValueError as error:
        instants.wrong.append(FieldError(PERIOD, str(error)))
        return UNSET
    if end > _LAST:
        instants.wrong.append(FieldError(PERIOD, "must end before the year 10000"))
        return UNSET
    return end


def end_named(given: Mapping[str, object], error: FieldError) -> FieldError:
    """Name what is wrong with an end by the field that it was sent in."""
    as_period = error.field == _END and PERIOD in given
    return FieldError(PERIOD, error.message) if as_period else error
