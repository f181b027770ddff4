"""Tables that are printed, agreed to and kept beside their tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["agree"]


def agree(rows: Sequence[Sequence[str]], table: Path) -> None:
    """Compare rows with the table that was agreed; KEYSTEAD_TEST_REWRITE=1 agrees to these."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    rendered = "".join(f"{line.rstrip()}\n" for line in lines)
    if os.environ.get("KEYSTEAD_TEST_REWRITE") == "1":
        table.write_text(rendered, "utf-8")
    assert rendered == table.read_text("utf-8")
