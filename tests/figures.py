"""What trials measured, written to `bench/trials.md` for whoever reads what they prove.

Each trial has a section of its own there, written once it has passed; the others' stay as they are.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from bench.figures import machine

__all__ = ["TRIALS", "Figures", "merged"]

TRIALS: Final = Path(__file__).parents[1] / "bench/trials.md"

_HEAD: Final = """\
# What the trials measured

Written by `make trials`. A section is of the last run in which its trial passed; day and machine stand in it.
"""
_MARK: Final = "\n## "


class Figures:
    """Where a trial reports to.

    Attributes:
        file: what is written; None where nothing is to be.
    """

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._begun = time.monotonic()

    def write(self, title: str, **found: object) -> None:
        """Report what was found, at the trial's end; what is measured is named with `_` for a space."""
        seconds = time.monotonic() - self._begun
        rows = [(name.replace("_", " "), str(value)) for name, value in found.items()]
        rows.append(("seconds in all", f"{seconds:.0f}"))
        print(f"{title}: {', '.join(f'{name} {value}' for name, value in rows)}")
        if self.file is None:
            return
        lines = [*machine("others' work included"), "", "| what | found |", "|---|---|"]
        lines += [f"| {name} | {value} |" for name, value in rows]
        before = self.file.read_text("utf-8") if self.file.exists() else ""
        # Whole or not at all: whoever is interrupted leaves the old figures.
        made = self.file.with_suffix(f".{os.getpid()}")
        made.write_text(merged(before, title, "\n".join(lines)), "utf-8")
        made.replace(self.file)


def merged(before: str, title: str, section: str) -> str:
    """Return the file's text with a section put in, or in the place of what it said before."""
    kept = dict(each.split("\n", 1) for each in before.split(_MARK)[1:])
    kept[title] = f"\n{section}\n"
    sections = [f"{_MARK}{name}\n\n{kept[name].strip()}\n" for name in sorted(kept)]
    return _HEAD + "".join(sections)
