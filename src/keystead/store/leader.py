"""Which of a node's processes does what one of them is enough for."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Leader"]

_FILE: Final = "upkeep.lock"


class Leader:
    """A turn that is taken once and kept: the kernel gives it to the next one when this process ends."""

    def __init__(self, data: Path) -> None:
        """Belong to a node's data directory."""
        self._file = os.open(data / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def leads(self) -> bool:
        """Say whether it is this process, which it stays from then on."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Leave it to another one."""
        os.close(self._file)
