"""What trials measured, written to `bench/trials.md` for whoever reads what they prove.

Each trial has a section of its own there, written once it has passed; the others' stay as they are.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from bench.figures import machine, put_in, with_section

__all__ = ["TRIALS", "Figures", "merged"]

TRIALS: Final = Path(__file__).parents[1] / "bench/trials.md"

_HEAD: Final = """\
# What the trials measured

Written by `make trials`. A section is of the last run in which its trial passed; day and machine stand in it.
"""


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
        section = "\n".join(lines)
        put_in(self.file, lambda before: merged(before, title, section))


def merged(before: str, title: str, section: str) -> str:
    """Return the file's text with a section put in, or in the place of what it said before."""
    return with_section(before, _HEAD, title, section)
