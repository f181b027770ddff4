"""What is judged of a JSON text beside its decoding: how deep it nests, and names that stand twice.

Both take time in proportion to the text, whatever stands in it: the brackets and colons that count are
those outside of strings, and a string that never ends is taken to reach the text's end.
"""

from __future__ import annotations

import itertools
import json
from typing import Any, Final

import msgspec

from keystead.core.errors import FieldError, Invalid

__all__ = ["MAX_DEPTH", "outside_strings", "require_shallow", "require_single"]

MAX_DEPTH: Final = 64

_OPENING, _CLOSING = b"[{", b"]}"
_NO_BRACKETS: Final = bytes(sorted(set(range(256)) - set(_OPENING + _CLOSING)))
_STEPS: Final = [(i in _OPENING) - (i in _CLOSING) for i in range(256)]


def outside_strings(body: bytes) -> bytes:
    """Return a JSON text without its strings."""
    # Escaped backslashes first, so that what is left before a quote does escape it. A backslash outside of
    # a string misleads this, but no decoder reads past one.
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"")
    return b"".join(unescaped.split(b'"')[::2])


def require_shallow(outside: bytes) -> None:
    """Refuse a text that nests deeper than `MAX_DEPTH`, of which decoders run out of stack.

    Raises:
        Invalid: it does.
    """
    if outside.count(b"[") + outside.count(b"{") <= MAX_DEPTH:
        return
    steps = map(_STEPS.__getitem__, outside.translate(None, _NO_BRACKETS))
    if max(itertools.accumulate(steps)) > MAX_DEPTH:
        raise Invalid(f"the body nests deeper than {MAX_DEPTH} levels")


def require_single(body: bytes, outside: bytes) -> None:
    """Refuse a shallow, well-formed text in which a name of an object stands twice.

    Which of the two counts differs from decoder to decoder, so that what one has judged another may not do.
    Outside of strings each name is followed by a colon, and there are no others.

    Raises:
        Invalid: the first such name.
    """
    if outside.count(b":") != _names_in(msgspec.json.decode(body)):
        json.loads(body, object_pairs_hook=_named_once)


def _names_in(value: Any) -> int:  # noqa: ANN401  # whatever JSON can say
    if isinstance(value, dict):
        return len(value) + sum(_names_in(v) for v in value.values() if isinstance(v, (dict, list)))
    if isinstance(value, list):
        return sum(_names_in(v) for v in value if isinstance(v, (dict, list)))
    return 0


def _named_once(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise Invalid("a field stands twice", FieldError(name[:64], "stands twice"))
        seen.add(name)
