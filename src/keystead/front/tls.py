"""The listener's certificate: what is renewed on disk is shown from the next handshake on.

Nobody is disconnected for it, and nothing is restarted. Each handshake is given the context of the pair that
was read last. To load a new chain into the context in use would not do: OpenSSL keeps one for each type of
key, so that an ECDSA certificate replaced by an RSA one would still be shown; and a chain whose key does not
fit would be there already when that is found out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn import Config

    Mark = tuple[tuple[int, int, int, int] | None, ...]

__all__ = ["LOOK_SECONDS", "Renewal", "renewing_context"]

LOOK_SECONDS: Final = 2.0
"""Between two looks at the files; what has changed is read when it stood still for one."""

_LOG: Final = logging.getLogger("keystead.front")


def renewing_context(config: Config, _: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Return what a process listens with, and begin to look after it: uvicorn's `ssl_context_factory`.

    Raises:
        OSError: the files are no certificate chain and its unencrypted key.
    """
    renewal = Renewal(Path(config.ssl_certfile or ""), Path(config.ssl_keyfile or ""))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, renewal.read_again)

    def look() -> None:
        renewal.look()
        loop.call_later(LOOK_SECONDS, look)

    loop.call_later(LOOK_SECONDS, look)
    return renewal.listening


class Renewal:
    """A certificate chain and its key, as they were read last.

    Attributes:
        listening: the context that a listener is opened with; it stays the same.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        """Read the files.

        Raises:
            OSError: they are no certificate chain and its unencrypted key (`ssl.SSLError` is one).
        """
        self._cert, self._key = cert, key
        self._read = self._seen = self._mark()
        self._current = self._load()
        self.listening = self._load()
        self.listening.sni_callback = self._show

    def look(self) -> None:
        """Read the files if they have changed and stood still since the last look.

        Certificate and key are two files: whoever looks between the one and the other finds a mismatch.
        """
        found = self._mark()
        if found not in {self._read, self._seen}:
            self._seen = found
        elif found != self._read:
            self.read_again()

    def read_again(self) -> None:
        """Read the files; what cannot be used is told in one line, and the pair read before stays."""
        self._read = self._seen = self._mark()
        try:
            self._current = self._load()
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
            _LOG.error(
                "process %d: %s and %s are no certificate and its unencrypted key (%s); "
                "the certificate read before is still shown",
                *(os.getpid(), self._cert, self._key, reason or type(error).__name__),
            )
        else:
            _LOG.info("process %d: %s was read and is shown from now on", os.getpid(), self._cert)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # A password that is none: OpenSSL would ask the terminal for one, and everybody would wait.
        context.load_cert_chain(self._cert, self._key, password="")
        return context

    def _show(self, connection: ssl.SSLObject, _: str | None, __: ssl.SSLContext) -> None:
        # Called for each handshake, whether the client names a server or not.
        connection.context = self._current

    def _mark(self) -> Mark:
        return tuple(_state(path) for path in (self._cert, self._key))


def _state(path: Path) -> tuple[int, int, int, int] | None:
    """Return what changes with a file, links followed; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
