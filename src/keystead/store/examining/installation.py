"""What is wrong with an installation, each with a sentence that says what to do."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.core.errors import KeysteadError, Misconfigured
from keystead.crypto.envelope import SEALS_PER_KEY
from keystead.crypto.keyring import SEAL
from keystead.store.engine import Check
from keystead.store.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from keystead.core.clock import Instant
    from keystead.crypto.keyring import Keyring, WrappedKey
    from keystead.crypto.master.source import MasterSource
    from keystead.store.engine import Engine

__all__ = ["Finding", "examine"]

_LEAST_FREE: Final = 256 * 1024 * 1024
_OTHERS: Final = 0o077


class Finding(NamedTuple):
    """One check: whether all is well there, and a sentence on what was found."""

    check: str
    ok: bool
    sentence: str


def examine(data: Path, source: MasterSource, engine: Engine, at: Instant) -> list[Finding]:
    """Return every check's finding; a check that cannot be made is a finding too."""

    def keyring() -> Keyring:
        return opened(engine.keys(), source)[1]

    def master_key() -> str:
        keyring()
        opens = engine.keys().key_id
        return f"{opens} opens the keyring; keep a backup of it apart from the database"

    checks = (
        Check("data directory", lambda: _directory(data)),
        Check("disk space", lambda: _disk(data)),
        Check("master key", master_key),
        Check("keyring", lambda: _keyring(engine.keys().keys)),
        *engine.checks(keyring, at),
    )
    return [_made(check) for check in checks]


def _keyring(keys: Iterable[WrappedKey]) -> str:
    """Tell how much the newest seal key may still seal, and which keys wait to be let go."""
    keys = sorted(keys, key=lambda key: (key.purpose, key.n))
    newest = max((key for key in keys if key.purpose == SEAL), key=lambda key: key.n)
    if newest.seals >= SEALS_PER_KEY // 2:
        raise Misconfigured(
            f"seal key {newest.n} has sealed {newest.seals:,} values of {SEALS_PER_KEY:,} at most;"
            " run keystead keyring rotate seal."
        )
    old = [f"{key.purpose} {key.n}" for key in keys if key.superseded_at is not None]
    waits = f"; replaced and still needed: {', '.join(old)}" if old else ""
    return f"seal key {newest.n} has sealed {newest.seals:,} values of {SEALS_PER_KEY:,} at most{waits}"


def _made(check: Check) -> Finding:
    try:
        return Finding(check.name, ok=True, sentence=check.look())
    except KeysteadError as error:
        return Finding(check.name, ok=False, sentence=str(error))
    except (OSError, sqlite3.Error) as error:
        return Finding(check.name, ok=False, sentence=f"cannot be examined: {error}")
    except Exception as error:  # noqa: BLE001  # damage has no bounds; the other checks are still made
        return Finding(check.name, ok=False, sentence=f"cannot be examined: {type(error).__name__}")


def _directory(data: Path) -> str:
    if not data.is_dir():
        raise Misconfigured(f"{data} is no directory; run keystead init --data {data}.")
    mode = data.stat().st_mode & 0o777
    if mode & _OTHERS:
        raise Misconfigured(f"others may look into it (mode {mode:o}); run chmod 700 {data}.")
    return "only its owner may look into it"


def _disk(data: Path) -> str:
    free = shutil.disk_usage(data).free
    if free < _LEAST_FREE:
        raise Misconfigured(
            f"{free >> 20} MiB are free; without space no act can be entered, so none is done."
        )
    return f"{free >> 20} MiB are free"
