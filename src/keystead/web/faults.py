"""What the log is told of a fault of ours: its type and its place, since a message may hold what was sent."""

from __future__ import annotations

import traceback

__all__ = ["place_of"]

_STEPS = 8


def place_of(error: BaseException) -> str:
    """Return an error's type and the way to where it was raised, the innermost place first."""
    places = traceback.extract_tb(error.__traceback__)
    trail = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places[-_STEPS:]))
    return f"{type(error).__name__} at {trail}"
