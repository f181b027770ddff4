"""Data directories for tests inside one process: made once, then copied."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from keystead.crypto.keyring import Keyring, create_master_key, new_keyring, read_master_key
from keystead.settings_file import MASTER_KEY
from keystead.store.sqlite.engine import SQLiteEngine
from keystead.store.sqlite.installation import found_installation
from keystead.store.sqlite.migrate import migrate
from tests.store.records import NOON

if TYPE_CHECKING:
    from keystead.crypto.keyring import MasterKey

__all__ = ["copy_of_an_installation", "open_keyring"]


@cache
def _template() -> tempfile.TemporaryDirectory[str]:
    # Kept alive by the cache; it goes with the process.
    made = tempfile.TemporaryDirectory(prefix="keystead-template-", ignore_cleanup_errors=True)
    data = Path(made.name) / "data"
    data.mkdir(mode=0o700)
    master = create_master_key(data / MASTER_KEY)
    migrate(data)
    found_installation(data, "org_test", master, new_keyring(master), NOON)
    return made


def copy_of_an_installation(data: Path) -> MasterKey:
    """Make `data` an installation without any owner; return its master key."""
    shutil.copytree(Path(_template().name) / "data", data)
    return read_master_key(data / MASTER_KEY)


def open_keyring(data: Path, master: MasterKey) -> Keyring:
    """Open the keyring of a data directory."""
    kept = SQLiteEngine(data).keys()
    return Keyring.open(kept.keys, master, kept.key_id)
