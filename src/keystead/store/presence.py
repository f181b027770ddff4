"""Whether anybody serves a data directory: each process that does holds a lock that others may share.

And whose turn it is to change its master key.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final, Self

from keystead.core.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["Absence", "KeyTurn", "Presence"]

_FILE: Final = "serving.lock"
_TURN: Final = "master.lock"


class Presence:
    """One process's; the kernel takes it back when the process ends, however it ends."""

    def __init__(self, data: Path) -> None:
        """Serve a data directory.

        Raises:
            Misconfigured: the installation is being moved just now.
        """
        self._file = _opened(data)
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            msg = (
                "The installation is being moved to another database just now; start it afterwards."
            )
            raise Misconfigured(msg) from None

    def close(self) -> None:
        """Serve it no longer."""
        os.close(self._file)


class Absence:
    """That nobody serves a data directory, for as long as a `with` lasts."""

    def __init__(self, data: Path) -> None:
        """Mean a data directory."""
        self._data = data

    def __enter__(self) -> Self:
        """Keep everybody else away.

        Raises:
            Misconfigured: somebody serves it, or moves it.
        """
        self._file = _opened(self._data)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            msg = f"A server is running on {self._data}: stop it first, so that no act is left behind."
            raise Misconfigured(msg) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let others come again."""
        os.close(self._file)


class KeyTurn:
    """The turn of whoever changes the master key or tidies its files, at one node; in a `with`.

    Attributes:
        taken: it is this one's; always so where it `waits`.
    """

    def __init__(self, data: Path, *, waits: bool = True) -> None:
        """Mean a data directory."""
        self._data = data
        self._mode = fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB)
        self.taken = False

    def __enter__(self) -> Self:
        """Take the turn, if it is free or one waits for it."""
        self._file = _opened(self._data, _TURN)
        try:
            fcntl.flock(self._file, self._mode)
            self.taken = True
        except BlockingIOError:
            self.taken = False
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the turn away."""
        os.close(self._file)


def _opened(data: Path, name: str = _FILE) -> int:
    return os.open(data / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
