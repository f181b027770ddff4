"""What the log is told of a fault of ours: its type and its place, since a message may hold what was sent."""

from __future__ import annotations

import logging
import traceback
from typing import Final

__all__ = ["log_fault", "place_of"]

_LOG: Final = logging.getLogger("keystead.web")
_STEPS: Final = 8


def log_fault(error: Exception, request_id: str) -> None:
    """Log a fault under the id that the client is answered with."""
    _LOG.error("%s: %s", request_id, place_of(error))


def place_of(error: BaseException) -> str:
    """Return an error's type and the way to where it was raised, the innermost place first."""
    places = traceback.extract_tb(error.__traceback__)
    trail = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places[-_STEPS:]))
    return f"{type(error).__name__} at {trail}"
