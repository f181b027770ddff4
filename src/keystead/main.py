"""The house is started: its database brought up to date, then its processes.

Nothing of a door is imported: the processes that serve do that, all at once.
"""

from __future__ import annotations

import os
from pathlib import Path

from keystead.installation import installed
from keystead.listening import Listener, Served
from keystead.settings import read_settings
from keystead.store.opening import open_keyring

__all__ = ["serve"]


def serve(data: Path, listener: Listener) -> None:
    """Migrate a data directory, and serve it until a signal ends it.

    Raises:
        Misconfigured: the data directory cannot be used as it is.
    """
    from keystead.front.listener import listen  # noqa: PLC0415  # other commands do without it

    settings = read_settings(data, exposed_listener=listener.is_exposed)
    engine = installed(settings)
    engine.migrate()
    engine.require_chain()
    open_keyring(engine, data, settings.master)
    Served(str(data.resolve()), os.getpid(), listener.url, listener.is_exposed).tell(os.environ)
    listen(
        "keystead.serving:application",
        listener.host,
        listener.port,
        listener.workers,
        listener.tls_cert,
        listener.tls_key,
    )
