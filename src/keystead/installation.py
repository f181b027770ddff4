"""An installation as commands meet it: its engine, its keys, and how one more node of it is made."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keystead.core.errors import Misconfigured
from keystead.crypto.keyring import Keyring, read_master_key
from keystead.crypto.master_key import copy_master_key
from keystead.settings import (
    CONFIG,
    ELSEWHERE,
    MASTER_KEY,
    database_of,
    point_to_database,
    read_settings,
    write_settings,
)
from keystead.store.opening import engine_of
from keystead.store.presence import Absence
from keystead.store.schema.revisions import require_known
from keystead.store.sqlite.connection import put_aside

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from keystead.settings import Settings
    from keystead.store.engine import Engine
    from keystead.store.move import Moved, Progress

__all__ = [
    "NewDirectory",
    "Relocated",
    "engine_for",
    "installed",
    "join_node",
    "move_store",
    "open_keyring",
    "require_new",
]


def engine_for(settings: Settings) -> Engine:
    """Return the engine that the settings name; nothing is asked of it yet."""
    return engine_of(settings.data, settings.database_url, settings.node)


def installed(settings: Settings) -> Engine:
    """Return the engine of an installation that exists.

    Raises:
        Misconfigured: there is none, or a newer version wrote it.
    """
    engine = engine_for(settings)
    found = engine.schema()
    if found is None:
        data = settings.data
        where = f"in {data}" if settings.database_url is None else "in this database"
        raise Misconfigured(f"There is no installation {where}; run keystead init --data {data}.")
    require_known(found)
    return engine


def open_keyring(engine: Engine, settings: Settings) -> Keyring:
    """Open the keys of an installation with its master key.

    Raises:
        Misconfigured: the master key is missing or another one's.
    """
    key_id, keys = engine.keys()
    return Keyring.open(keys, read_master_key(settings.master_key_file), key_id)


def require_new(data: Path) -> None:
    """Refuse a data directory that holds something.

    Raises:
        Misconfigured: it does, or is no directory.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Misconfigured(f"{data} is not empty; name a new or empty directory.")


class NewDirectory:
    """A data directory that is made aside, in a `with`: whole at its place once it is kept, and else gone."""

    def __init__(self, data: Path) -> None:
        """Mean a place, at which there is nothing.

        Raises:
            Misconfigured: there is something.
        """
        require_new(data)
        self._data = data
        # It may be a mounted volume, and what is above it another's.
        self._stands = data.exists()

    def __enter__(self) -> Path:
        """Return where it is made."""
        if not self._stands:
            self._data.parent.mkdir(parents=True, exist_ok=True)
        where = self._data if self._stands else self._data.parent
        self._aside = Path(tempfile.mkdtemp(prefix=f".{self._data.name}.", dir=where))
        return self._aside

    def keep(self) -> None:
        """Bring what was made to its place."""
        if not self._stands:
            self._aside.replace(self._data)
            return
        with suppress(PermissionError):
            # Another's to change; keystead doctor says so where others may look into it.
            self._data.chmod(0o700)
        for path in sorted(self._aside.iterdir(), key=lambda path: path.name == CONFIG):
            path.replace(self._data / path.name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not kept."""
        shutil.rmtree(self._aside, ignore_errors=True)


def join_node(data: Path, database_url: str | None, key_file: Path) -> int:
    """Make the data directory of one more node of an installation; return the node's number.

    Raises:
        Misconfigured: the directory is not empty, the database is not PostgreSQL or holds no installation, or
            the key is not the installation's.
    """
    new = NewDirectory(data)
    given = database_of(database_url)
    if given.url is None:
        raise Misconfigured(
            "Only an installation in PostgreSQL has several nodes: name it with --database-url or "
            "KEYSTEAD_DATABASE_URL. keystead migrate-store moves one there."
        )
    engine = engine_of(data, given.url, 0)
    found = engine.schema()
    if found is None:
        raise Misconfigured("There is no installation in this database; keystead init makes one.")
    require_known(found)
    key_id, keys = engine.keys()
    audit_key = Keyring.open(keys, read_master_key(key_file), key_id).audit
    with engine.joining(audit_key) as node, new as aside:
        copy_master_key(key_file, aside / MASTER_KEY)
        write_settings(aside, given.written, node)
        new.keep()
    return node


class Relocated(NamedTuple):
    """What became of a data directory whose installation was moved.

    Attributes:
        moved: what was copied and compared.
        kept: the embedded database's files, under their new names.
        written: whether the address stands in the settings' file; else it comes from the environment.
    """

    moved: Moved
    kept: tuple[Path, ...]
    written: bool


def move_store(data: Path, database_url: str | None, tell: Callable[[Progress], None]) -> Relocated:
    """Move a data directory's installation from the embedded database to PostgreSQL.

    The embedded database stays, under another name, and the directory is the first node's from then on.

    Raises:
        Misconfigured: it is not embedded, a server is running on it, the database holds something, or what
            was copied is not the same.
    """
    from keystead.store.move import move  # noqa: PLC0415  # its driver is needed only here

    given = database_of(database_url)
    if given.url is None or given.written is None:
        raise Misconfigured(
            "Name the PostgreSQL database to move to with --database-url or KEYSTEAD_DATABASE_URL."
        )
    # The address in the environment, if that is where it comes from, is of where it shall go.
    elsewhere = {name: text for name, text in os.environ.items() if name != ELSEWHERE}
    settings = read_settings(data, elsewhere)
    if settings.database_url is not None:
        raise Misconfigured(f"The installation of {data} is in PostgreSQL already.")
    engine = installed(settings)
    with Absence(data):
        engine.migrate()
        keyring = open_keyring(engine, settings)
        moved = move(data, given.url, keyring.audit, tell)
        point_to_database(data, given.written)
        kept = put_aside(data)
    return Relocated(moved, kept, given.written != ELSEWHERE)
