"""Writes docs/guide/commands.md from the commands themselves; with --check only says if it is stale."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# Before Typer is imported: help is folded to the terminal's width, and must not depend on it.
os.environ |= {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1", "TERM": "dumb"}

from typer.main import get_command

from keystead.cli.app import app

PAGE: Final = Path(__file__).parents[1] / "docs" / "guide" / "commands.md"
HEAD: Final = """\
# All commands

What `--help` says of each. This page is made by `make reference`.
"""


def sections() -> Iterator[str]:
    """Yield one section for each command, groups before what is in them."""
    waiting = [("keystead", get_command(app), None)]
    while waiting:
        name, command, parent = waiting.pop(0)
        context = command.make_context(name, [], parent=parent, resilient_parsing=True)
        help_text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        yield f"\n## {context.command_path}\n\n```text\n{help_text.strip()}\n```\n"
        inside = getattr(command, "commands", {})
        waiting = [(word, inside[word], context) for word in inside] + waiting


def main() -> int:
    """Write the page, or check it."""
    text = HEAD + "".join(sections())
    if "--check" not in sys.argv:
        PAGE.write_text(text)
        return 0
    if PAGE.read_text() == text:
        return 0
    sys.stderr.write(f"{PAGE.name} is not what the commands say; make reference\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
