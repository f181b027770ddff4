"""A URL's path as its segments, each decoded once and by itself (RFC 3986 §3.3)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

__all__ = ["segments_of"]

_DOTS: Final = frozenset({".", ".."})
_HIDDEN: Final = re.compile(r"[/\x00-\x1f\x7f]")


def segments_of(raw: bytes) -> tuple[str, ...] | None:
    """Return the segments of a path as it was sent, undecoded; None where no path of ours looks so.

    What another reader on the way (a proxy with rules by path) could take for another path is nowhere:
    doubled slashes, "." and ".." in any spelling, a slash or a control character that hides as `%2F` or
    `%0A`, and what is no UTF-8. Only the last segment may be empty: a closing slash, which makes
    another path than the one without.
    """
    if not raw.startswith(b"/"):
        return None
    sent = raw[1:].split(b"/")
    if b"" in sent[:-1]:
        return None
    try:
        if b"%" in raw:
            segments = tuple([unquote_to_bytes(segment).decode() for segment in sent])
            if any(map(_HIDDEN.search, segments)):
                return None
        else:
            segments = tuple(raw[1:].decode().split("/"))
    except UnicodeDecodeError:
        return None
    return None if _DOTS.intersection(segments) else segments
