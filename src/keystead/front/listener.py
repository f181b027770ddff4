"""Listening: uvicorn with our protocol, in one process or in several under a supervisor."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import resource
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from keystead.front.loop import LOOP
from keystead.front.protocol import MAX_CONNECTIONS, BoundedProtocol
from keystead.front.tls import renewing_context

if TYPE_CHECKING:
    from pathlib import Path
    from socket import socket

__all__ = ["end_in_time", "listen"]

_LOG: Final = logging.getLogger("keystead.front")
_GRACE_SECONDS: Final = 10
_END_SECONDS: Final = 15
"""For the last counts and acts, after the grace of open requests."""
_HEALTH_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 3.0
_OTHER_FILES: Final = 200
"""Of one process besides its connections: the databases, the log, the supervisor's pipe."""


def listen(
    application: str,
    host: str,
    port: int,
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> None:
    """Serve until a signal ends it.

    Args:
        application: `module:function` that makes the application; each worker calls it.
        host: name or address.
        port: 0 means any free one.
        workers: processes that share the socket.
        tls_cert: PEM file of the certificate chain; None for plain HTTP.
        tls_key: PEM file of its key.

    Raises:
        SystemExit: it could not start; the log says why.
    """
    config = uvicorn.Config(
        application,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
        ssl_context_factory=None if tls_cert is None else renewing_context,
        loop=LOOP,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        # The peer's address is the socket's; no header is believed.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=_LOGGING,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _allow_connections()
    if workers > 1:
        _Supervisor(config, sockets=[config.bind_socket()]).run()
        return
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def end_in_time() -> None:
    """End this process soon, whatever hinders it: where it hangs goes to the log, lines of code alone."""
    faulthandler.dump_traceback_later(_END_SECONDS, exit=True)


class _Supervisor(Multiprocess):
    """uvicorn's, but for two things.

    It hands SIGHUP on, by which each worker reads the certificate again, where uvicorn would replace them
    all. And of workers that have served, one whose successor cannot start (the database is away just now) is
    tried again, where uvicorn would end the others, too.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self._untold: list[Process] = []
        self._has_served = False
        self._retry_at = 0.0

    def handle_hup(self) -> None:
        if not self.config.is_ssl:
            super().handle_hup()
            return
        self._untold = list(self.processes)
        self._tell()

    def keep_subprocess_alive(self) -> None:
        if self.should_exit.is_set():
            return
        self._has_served = self._has_served or any(
            process.is_ready(_HEALTH_SECONDS) for process in self.processes
        )
        if self._has_served:
            self._retry()
        if not self._has_served or not any(map(_has_failed, self.processes)):
            super().keep_subprocess_alive()
            if self._has_served:
                # No signal has set it, but a worker that could not start.
                self.should_exit.clear()
        self._tell()

    def _retry(self) -> None:
        if time.monotonic() < self._retry_at:
            return
        for place, failed in enumerate(self.processes):
            if _has_failed(failed):
                _LOG.warning("worker %s could not start; another one is tried", failed.pid)
                failed.join()
                self.processes[place] = Process(self.config, self.sockets)
                self.processes[place].start()
                self._retry_at = time.monotonic() + _RETRY_SECONDS

    def _tell(self) -> None:
        # One that is still starting would be ended by the signal, and is told when it has started: it may
        # have read the files before they changed.
        self._untold = [one for one in self._untold if one in self.processes and not _reload(one)]


def _has_failed(process: Process) -> bool:
    return process.exitcode == STARTUP_FAILURE


def _reload(process: Process) -> bool:
    """Have a worker that serves read its certificate again; say whether there was one."""
    if process.pid is None or not process.is_ready(_HEALTH_SECONDS):
        return False
    os.kill(process.pid, signal.SIGHUP)
    return True


def _allow_connections() -> None:
    """Let this process and its workers open as many files as their connections are."""
    needed = MAX_CONNECTIONS * 11 // 10 + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    unbounded = hard == resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed if unbounded else hard, hard))
    if not unbounded and hard < needed:
        _LOG.warning(
            "a process may open %d files here, and %d connections need %d: whoever comes beyond waits; "
            "raise the hard limit (ulimit -H -n, or LimitNOFILE= of systemd)",
            *(hard, MAX_CONNECTIONS, needed),
        )


_LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "stream": "ext://sys.stderr",
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
