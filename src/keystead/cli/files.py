"""JSON objects out of files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from keystead.cli.failures import Misuse

__all__ = ["object_in", "read_object"]

# The server's bound on a body lies below; this only keeps a wrong file name from filling memory.
_LARGEST: Final = 4 * 1024 * 1024


def read_object(file: str) -> dict[str, object]:
    """Read the JSON object in a file, or (`-`) on standard input.

    Raises:
        Misuse: it cannot be read, is too long, or holds no JSON object.
    """
    return object_in(_contents(file), file)


def _contents(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(_LARGEST + 1)
    try:
        with Path(file).open("rb") as stream:
            return stream.read(_LARGEST + 1)
    except OSError as error:
        raise Misuse(f"{file}: {error.strerror}") from None


def object_in(contents: bytes, place: str) -> dict[str, object]:
    """Read what a place holds.

    Raises:
        Misuse: it is too long, or no JSON object.
    """
    if len(contents) > _LARGEST:
        raise Misuse(f"{place} is longer than {_LARGEST} bytes")
    try:
        found = json.loads(contents)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Misuse(f"{place} holds no JSON{where}") from None
    if not isinstance(found, dict):
        raise Misuse(f"{place} holds no JSON object")
    return found
