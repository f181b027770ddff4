"""Every story that there is: each file `stories_*.py` beside this one is read, and adds its own."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.store.conformance import STORIES

__all__ = ["STORIES"]

for _file in sorted(Path(__file__).parent.glob("stories_*.py")):
    import_module(f"tests.store.{_file.stem}")
