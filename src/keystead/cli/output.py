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
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

import typer

__all__ = [
    "Json",
    "Quiet",
    "document",
    "exact",
    "facts",
    "instant",
    "note",
    "printable",
    "secret",
    "table",
]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Leave out the notes.")]

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


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Print one thing's facts, a line each; empty ones are left out."""
    _aligned([[f"{name}:", printable(value)] for name, value in pairs if value])


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

    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        # Text, not str: a name like `[red]` is a name, not markup.
        drawn.add_row(*[Text(cell, style=_STATE_STYLES.get(cell, "")) for cell in row])
    Console(file=sys.stdout).print(drawn)
