"""Which keys made something new within a transaction, so that it can be refused if one was replaced."""

from __future__ import annotations

from typing import Final

__all__ = ["AUDIT", "PEPPER", "SEAL", "UsedKeys"]

SEAL: Final = "seal"
PEPPER: Final = "pepper"
AUDIT: Final = "audit"


class UsedKeys:
    """Purposes and numbers, noted by whoever seals or computes a digest to be stored."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        """None yet."""
        self._found: set[tuple[str, int]] = set()

    def note(self, purpose: str, n: int) -> None:
        """Say that a key made something new."""
        self._found.add((purpose, n))

    def clear(self) -> None:
        """Begin a transaction."""
        self._found.clear()

    def found(self) -> list[tuple[str, int]]:
        """Return those that were used since."""
        return sorted(self._found)
