"""JSON objects out of files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from keystead.cli.failures import Misuse

__all__ = ["object_in", "read_object", "read_objects"]

# The server's bound on a body lies below; this only keeps a wrong file name from filling memory.
_LARGEST: Final = 4 * 1024 * 1024


def read_object(file: str) -> dict[str, object]:
    """Read the JSON object in a file, or (`-`) on standard input.

    Raises:
        Misuse: it cannot be read, is too long, or holds no JSON object.
    """
    return object_in(_contents(file), file)


def read_objects(file: str) -> list[dict[str, object]]:
    """Read JSON objects, one a line or in one array, as `read_object`.

    Raises:
        Misuse: as `read_object`; a line of several is named.
    """
    contents = _contents(file)
    if not contents.lstrip().startswith(b"["):
        lines = enumerate(contents.splitlines(), 1)
        return [object_in(line, f"{file}, line {n},") for n, line in lines if line.strip()]
    found = _json_in(contents, file)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Misuse(f"{file} holds something else than JSON objects")
    return found


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
    found = _json_in(contents, place)
    if not isinstance(found, dict):
        raise Misuse(f"{place} holds no JSON object")
    return found


def _json_in(contents: bytes, place: str) -> object:
    if len(contents) > _LARGEST:
        raise Misuse(f"{place} is longer than {_LARGEST} bytes")
    try:
        return json.loads(contents)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Misuse(f"{place} holds no JSON{where}") from None
