"""What can be wrong with a stored entry; apart, so that a command names it without loading a decoder."""

from __future__ import annotations

from keystead.core.errors import KeysteadError

__all__ = ["BrokenEntry"]


class BrokenEntry(KeysteadError):  # names what was found
    """Stored bytes that are no audit entry of a known form."""
