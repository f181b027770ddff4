"""Names: what people may write, and the key by which two names are the same (rows S4 and C5)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MAX_NAME", "clean_name", "name_key", "wrong_entries", "wrong_name", "wrong_text"]

MAX_NAME: Final = 255

# Cc control, Cf invisible format characters (which make two names look alike), Cs surrogates,
# Co private use, Cn unassigned, Zl/Zp line and paragraph separators.
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINE_BREAKS: Final = frozenset("\n\r\t")

# Signs of other categories that show nothing, so that two names could look alike (Unicode's
# Default_Ignorable_Code_Point, and the empty braille pattern).
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

MAX_MARKS: Final = 30
"""Combining marks in a row (Unicode's Stream-Safe Text Format, UAX #15 §13): normalising puts them in
order, which takes a time that grows with the square of their number."""

_MAX_KEYED: Final = 4 * MAX_NAME
_MARKS_RULE: Final = f"must have at most {MAX_MARKS} combining marks in a row"


def clean_name(text: str) -> str:
    """Return the name as it is kept: without white space around it."""
    return text.strip()


def name_key(text: str) -> str:
    """Return what uniqueness is judged by: NFKC, then case folding, then NFKC again.

    Folding can undo normalisation (U+0345 among others), hence the second time; and normalising can put
    white space at an end (U+00B8), which a key, too, is without. What is longer than any name is not
    normalised: nothing is called so, and it may have been written to take long.
    """
    if text.isascii():
        # The same, three times as quick: a search through all names asks for each one's key.
        return clean_name(text).lower()
    if len(text) > _MAX_KEYED:
        return text
    folded = unicodedata.normalize("NFKC", clean_name(text)).casefold()
    return clean_name(unicodedata.normalize("NFKC", folded))


def wrong_name(text: str, *, in_path: bool = False) -> str | None:
    """Return the rule that a name breaks, or None.

    Args:
        text: the name as it was typed.
        in_path: it becomes a part of a path, so that `/`, `.` and `..` are refused too.
    """
    name = clean_name(text)
    if not name:
        return "must not be empty"
    if len(name) > MAX_NAME:
        return f"must have at most {MAX_NAME} characters"
    if any(unicodedata.category(c) in _UNPRINTABLE for c in name):
        return "must hold printable characters only"
    if _UNSEEN.search(name):
        return "must hold no characters that cannot be seen"
    if _has_many_marks(name):
        return _MARKS_RULE
    # The key is judged too: NFKC turns look-alikes such as U+FF0F into the real slash.
    if in_path and ("/" in name_key(name) or name_key(name) in {".", ".."}):
        return "must hold no '/' and be neither '.' nor '..'"
    return None


def wrong_text(text: str, limit: int, *, lines: bool = False) -> str | None:
    """Return the rule that a free text breaks, or None; `lines` allows line breaks and tabs."""
    if len(text) > limit:
        return f"must have at most {limit} characters"
    allowed = _LINE_BREAKS if lines else frozenset()
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in text):
        return "must hold no control characters"
    return _MARKS_RULE if _has_many_marks(text) else None


def wrong_entries(
    entries: Mapping[str, str], *, most: int, key: int, value: int
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with free entries such as `metadata`: the key (empty for all of them), the rule.

    Args:
        entries: as they were sent.
        most: how many there may be.
        key: code points of a key, which is never empty.
        value: code points of a value, which may be empty.
    """
    if len(entries) > most:
        yield "", f"must have at most {most} entries"
        return
    for name, text in entries.items():
        if not name or wrong_text(name, key):
            yield "", f"each key must be 1 to {key} printable characters"
        elif rule := wrong_text(text, value):
            yield name, rule


def _has_many_marks(text: str) -> bool:
    if text.isascii() or len(text) <= MAX_MARKS:
        return False
    marks = 0
    for c in text:
        marks = marks + 1 if unicodedata.category(c)[0] == "M" else 0
        if marks > MAX_MARKS:
            return True
    return False
