"""One process's application: the doors before the house, served until its supervisor is gone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from litestar import Litestar

from keystead.api.application import Application
from keystead.api.door import Door
from keystead.api.oauth.door import Door as OAuthDoor
from keystead.core.clock import Clock, SystemClock
from keystead.core.errors import KeysteadError
from keystead.house import House
from keystead.listening import Served
from keystead.settings import Settings, read_settings

__all__ = ["application", "build"]

_LOG: Final = logging.getLogger("keystead")
_LOOK_SECONDS: Final = 1.0
_SWITCH_SECONDS: Final = 0.0002
_COLLECT_AFTER: Final = 10_000


def build(
    settings: Settings,
    clock: Clock | None = None,
    supervisor: int | None = None,
    on_end: Callable[[], None] = lambda: None,
) -> Litestar:
    """Return the application of one process; a worker of a supervisor ends with him.

    Args:
        settings: of the data directory.
        clock: the system's, unless a test sets one.
        supervisor: the process id of whoever started this worker.
        on_end: called when serving is over and the last is being written.

    Raises:
        Misconfigured: the data directory cannot be used as it is.
    """
    house = House(settings, clock or SystemClock())
    door = Door(
        house.gate,
        house.clock,
        house.database.is_ready,
        settings.issuer,
        plain_beyond=settings.exposed_listener,
    )
    oauth = OAuthDoor(
        house.gate, house.clock, settings.issuer, plain_beyond=settings.exposed_listener
    )

    @contextlib.asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        await house.database.start()
        try:
            # What came between the opening and the listening is not news.
            await house.keys.learn()
            await house.upkeep.tend_signing_keys()
        except KeysteadError as error:
            # The upkeep does it a minute later; whoever needs no such key is served meanwhile.
            _LOG.error("keys: %s", type(error).__name__)
        upkeep = [asyncio.create_task(house.upkeep.go_on())]
        if supervisor is not None:
            upkeep.append(asyncio.create_task(_end_with(supervisor)))
        try:
            yield
        finally:
            on_end()
            for task in upkeep:
                task.cancel()
            await asyncio.gather(*upkeep, return_exceptions=True)
            await house.close()

    return Application(door, oauth.places(), life)


def application() -> Litestar:
    """Return the application of the data directory that the environment names; a worker's entry."""
    # A commit ends in a thread of its own, and must not wait 5 ms for its turn at the interpreter while the
    # loop reads the next group's requests.
    sys.setswitchinterval(_SWITCH_SECONDS)
    told = Served.read(os.environ)
    settings = read_settings(Path(told.data), exposed_listener=told.is_exposed, served=told.url)
    from keystead.front.listener import end_in_time  # noqa: PLC0415  # tests do without it

    supervisor = None if told.server == os.getpid() else told.server
    app = build(settings, supervisor=supervisor, on_end=end_in_time)
    # What stands now stands until the end: searched through for garbage, it stops every request for 50 ms.
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    return app


async def _end_with(supervisor: int) -> None:
    """End this worker when its supervisor was killed: it would hold the port, and nobody would stop it."""
    while os.getppid() == supervisor:  # noqa: ASYNC110  # a killed process sets no event
        await asyncio.sleep(_LOOK_SECONDS)
    signal.raise_signal(signal.SIGTERM)
