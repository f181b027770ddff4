"""The generation as a node's processes share it: eight bytes of memory, raised before an act is answered."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SharedGeneration"]

_FILE: Final = "generation"
_NUMBER: Final = struct.Struct("Q")
"""As the processor has it: it is read and written at once, and never seen half written."""


class SharedGeneration:
    """A number that only grows, in a file of the data directory that every process of the node maps."""

    def __init__(self, data: Path) -> None:
        """Map the file, made where it is missing."""
        self._file = os.open(data / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size < _NUMBER.size:
            # A hole would be filled at the first write, which on a full disk ends the process.
            os.posix_fallocate(self._file, 0, _NUMBER.size)
        self._memory = mmap.mmap(self._file, _NUMBER.size)

    def value(self) -> int:
        """Return the highest generation that a process of this node has committed."""
        number: int = _NUMBER.unpack_from(self._memory)[0]
        return number

    def raise_to(self, number: int) -> None:
        """Raise it, if it is not higher already."""
        self._set(lambda found: max(found, number))

    def lower_to(self, number: int) -> None:
        """Follow a database that was put back to an older state."""
        self._set(lambda found: min(found, number))

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()
        os.close(self._file)

    def _set(self, change: Callable[[int], int]) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            _NUMBER.pack_into(self._memory, 0, change(self.value()))
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
