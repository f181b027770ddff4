"""Rules of speech.

1. Standard output holds the result and nothing else; notes and errors go to standard error.
2. A secret stands on standard output alone, so `TOKEN=$(keystead token create …)` holds the token;
   what else there is to say about it is a note. `--quiet` leaves the notes out.
3. `--json`, on every command, makes the result exactly one JSON document on one line, in ASCII. An
   error is then one line too, `{"error": {…}}`, on standard error.
4. People get tables: ruled and coloured on a terminal (`NO_COLOR` is heeded), plain aligned columns
   elsewhere, so that nothing is cut and `grep` finds whole lines.
5. An error is `error: …`, a sentence, with a line for every wrong field.
6. What others have typed (names, descriptions) cannot move the cursor or colour the screen.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

__all__ = [
    "Record",
    "by_resource",
    "document",
    "done",
    "exact",
    "instant",
    "note",
    "printable",
    "secret",
    "show_one",
    "table",
]

_ID: Final = re.compile(r"[a-z]{3,4}_[0-9A-Za-z]{12}", re.ASCII)
_ID_LENGTH: Final = 17
_FOLDED: Final = 8
_DAY: Final = re.compile(r"^(\d{4}-\d\d-\d\d)T(?=\d\d:)", re.ASCII)

_STATE_STYLES: Final[Mapping[str, str]] = {
    "active": "green",
    "allowed": "green",
    "expiring": "yellow",
    "not_yet_valid": "yellow",
    "disabled": "yellow",
    "expired": "red",
    "refused": "red",
    "revoked": "red",
}


class Record(Protocol):
    """What an answer holds, with the answer's own object."""

    @property
    def raw(self) -> Mapping[str, object]:
        """The object as it came."""


def show_one(found: Record, *pairs: tuple[str, str], as_json: bool) -> None:
    """Print one thing's facts, a line each; empty ones are left out. As JSON, the object as it came."""
    if as_json:
        document(found.raw)
    else:
        _aligned([[f"{name}:", printable(value)] for name, value in pairs if value])


def done(value: object, sentence: str, *, as_json: bool) -> None:
    """Say what was done: a note, or one JSON document."""
    if as_json:
        document(value)
    else:
        note(sentence)


def document(value: object) -> None:
    """Print one JSON document on one line."""
    sys.stdout.write(json.dumps(value, default=_plain) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def secret(text: str, *, newline: bool = True) -> None:
    """Print a secret alone, byte for byte; a newline follows unless it ends with one."""
    sys.stdout.flush()
    ending = b"\n" if newline and not text.endswith("\n") else b""
    sys.stdout.buffer.write(text.encode() + ending)
    sys.stdout.buffer.flush()


def note(sentence: str, *, quiet: bool = False) -> None:
    """Say something beside the result."""
    if not quiet:
        sys.stderr.write(f"{printable(sentence)}\n")


def printable(text: str) -> str:
    """Replace what would steer a terminal: control and formatting characters, line ends."""
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else " " if c in "\n\t" else "�" for c in text])


def instant(at: datetime | None, absent: str = "never") -> str:
    """Write an instant to the second, or the word for its absence."""
    return absent if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def by_resource(scopes: Sequence[str]) -> list[str]:
    """Write scopes so that those of one resource stand on one line."""
    lines: dict[str, list[str]] = {}
    for scope in scopes:
        lines.setdefault(scope.partition(":")[0], []).append(scope)
    return [", ".join(line) for line in lines.values()]


def exact(at: datetime) -> str:
    """Write an instant as the server does, to the microsecond."""
    return at.isoformat().replace("+00:00", "Z")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their columns' names."""
    cells = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _ruled(columns, cells)
    else:
        _aligned([list(columns), *cells])


def _aligned(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def _ruled(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout)
    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    too_wide = sum(widths) + 2 * len(widths) > console.width
    for n, name in enumerate(columns):
        # What is too long is folded, never cut; but an id in two pieces cannot be copied, so it stays
        # whole where the other columns have room enough to be folded instead.
        ids = widths[n] <= _ID_LENGTH and any(map(_ID.fullmatch, [row[n] for row in rows]))
        whole = ids and console.width >= _ID_LENGTH + _FOLDED * (len(columns) - 1)
        drawn.add_column(name, overflow="fold", no_wrap=whole)
    for row in rows:
        # An instant is folded between the day and the hour.
        cells = [_DAY.sub(r"\1 ", cell) if too_wide else cell for cell in row]
        # Text, not str: a name like `[red]` is a name, not markup.
        drawn.add_row(*[Text(cell, style=_STATE_STYLES.get(cell, "")) for cell in cells])
    console.print(drawn)
