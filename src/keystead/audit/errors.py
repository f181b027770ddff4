"""What can be wrong with a stored entry; apart, so that a command names it without loading a decoder."""

from __future__ import annotations

from keystead.core.errors import Broken

__all__ = ["BrokenEntry"]


class BrokenEntry(Broken):
    """Stored bytes that are no audit entry of a known form."""

    rule = "audit entry altered or of an unknown form"
