"""How ids and words of others are declared in bodies and parameters: short, and without NUL."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

__all__ = ["MAX_ID", "MAX_WORD", "Id", "Word"]

MAX_ID: Final = 64
"""Characters of an id; ours have seventeen."""

MAX_WORD: Final = 255

# Nothing that is kept has a NUL, and PostgreSQL cannot even be asked for one.
_PATTERN: Final = "^[^\\x00]*$"

Id = Annotated[str, Meta(max_length=MAX_ID, pattern=_PATTERN)]
"""The id of something, whether it exists or not."""

Word = Annotated[str, Meta(max_length=MAX_WORD, pattern=_PATTERN)]
"""A text that something is looked up by: an identifier, a tag, a verb."""
