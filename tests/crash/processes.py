"""The processes of a server: those it started too, so that a power cut takes them all."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.running import Server

__all__ = ["cut_power", "family"]


def family(pid: int) -> list[int]:
    """Return a process and everything it has started, itself first."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in brackets may hold spaces; the parent is the second word after it.
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cut_power(server: Server) -> None:
    """End a server and its workers at once, as a power cut would: no handler runs, nothing is flushed."""
    for pid in family(server.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait()
