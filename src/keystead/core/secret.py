"""A string that does not print itself (Law 6)."""

from __future__ import annotations

import hmac
from typing import NoReturn, SupportsIndex

__all__ = ["Secret"]


class Secret:
    """A value that must not reach a log, an error, a repr or a cache by accident.

    It compares in constant time, cannot be hashed or pickled, and gives its text only to `reveal()`,
    which the house rules allow in `crypto`, at the client's edge in `web/reveal.py`, and in the CLI.
    """

    __hash__ = None  # type: ignore[assignment]  # a hash would put it into dictionaries
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Wrap `text`."""
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    @property
    def size(self) -> int:
        """How many UTF-8 bytes the text has; that much may be judged without revealing it."""
        return len(self._text.encode())

    def __eq__(self, other: object) -> bool:
        """Compare in constant time; only with another `Secret`."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __repr__(self) -> str:
        """Name the type, never the text."""
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        """Refuse to be written into a string."""
        msg = "a Secret cannot be formatted"
        raise TypeError(msg)

    def __str__(self) -> str:
        """Name the type, never the text."""
        return "Secret(…)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or copied into a cache."""
        msg = "a Secret cannot be pickled"
        raise TypeError(msg)
