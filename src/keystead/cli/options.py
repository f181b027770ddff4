"""Options: how they are declared, and those that several nouns share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from keystead.cli.failures import Exit, Misuse

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Json",
    "NewName",
    "Query",
    "Quiet",
    "Yes",
    "confirm",
    "confirm_for_good",
    "option",
    "several",
]


def option(
    metavar: str,
    sentence: str,
    *names: str,
    callback: Callable[[str | None], str | None] | None = None,
) -> object:
    """Declare an option with one value; without names it is called as its parameter is."""
    return typer.Option(*names, metavar=metavar, help=sentence, callback=callback)


def several(metavar: str, sentence: str) -> object:
    """Declare an option that may be given several times; a list, empty without it."""
    return typer.Option(metavar=metavar, help=sentence, default_factory=list, show_default=False)


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
NewName = Annotated[str | None, option("NAME", "A new name.")]
Query = Annotated[str | None, option("TEXT", "Text in the name.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Leave out the notes.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person agrees.

    Raises:
        Misuse: there is no terminal to ask at, or the answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Misuse("without a terminal to ask at, this needs --yes")
    if not typer.confirm(question, err=True):
        raise Misuse("nothing was done", exit_code=Exit.INTERRUPTED, code="interrupted")


def confirm_for_good(act: str, *, yes: bool) -> None:
    """Ask before an act that cannot be undone; the rest as `confirm`."""
    confirm(f"{act}? This cannot be undone.", yes=yes)
