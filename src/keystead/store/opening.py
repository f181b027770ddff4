"""Which engine an installation has, and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import Misconfigured
from keystead.crypto.keyring import Keyring
from keystead.crypto.master.key import pending_of, settle_master_key
from keystead.crypto.master.source import KeyFile, open_master
from keystead.crypto.master.token import TOKEN_MARK
from keystead.store.presence import KeyTurn
from keystead.store.sqlite.engine import SQLiteEngine

if TYPE_CHECKING:
    from pathlib import Path

    from keystead.crypto.keyring import MasterKey
    from keystead.crypto.master.source import MasterSource
    from keystead.ports.keyring import KeptKeys
    from keystead.store.engine import Engine

__all__ = ["engine_of", "master_of", "open_keyring", "open_keys", "opened"]


def engine_of(data: Path, database_url: str | None, node: int) -> Engine:
    """Return the engine of a data directory: PostgreSQL where an address is given, else the embedded one."""
    if database_url is None:
        return SQLiteEngine(data)
    # Its driver is only needed where it is used, and takes a tenth of a second.
    from keystead.store.postgres.engine import PostgresEngine  # noqa: PLC0415

    return PostgresEngine(data, database_url, node)


def open_keyring(engine: Engine, data: Path, source: MasterSource) -> Keyring:
    """Open the keys of an installation with its master key.

    Raises:
        Misconfigured: the master key is missing or another one's.
    """
    return open_keys(engine, data, source)[1]


def open_keys(engine: Engine, data: Path, source: MasterSource) -> tuple[MasterKey, Keyring]:
    """Open the keys of an installation, and tidy up after a rotation of its master key that was cut short.

    Raises:
        Misconfigured: as of `open_keyring`.
    """
    if isinstance(source, KeyFile) and pending_of(source.path).exists():
        with KeyTurn(data, waits=False) as turn:
            if turn.taken:
                settle_master_key(source.path, engine.keys(settled=True).key_id)
    kept = engine.keys()
    try:
        return opened(kept, source)
    except Misconfigured:
        # Somebody may have rotated it between the two looks.
        again = engine.keys()
        if again.key_id == kept.key_id:
            raise
        return opened(again, source)


def master_of(source: MasterSource, kept: KeptKeys) -> MasterKey:
    """Return what a source gives now, for a keyring that was wrapped anew meanwhile.

    Raises:
        Misconfigured: the source does not hold what it should.
    """
    return open_master(source, kept.derivation, kept.key_id)


def opened(kept: KeptKeys, source: MasterSource) -> tuple[MasterKey, Keyring]:
    """Open a keyring with what its master key comes from.

    Raises:
        Misconfigured: as of `open_keyring`.
    """
    if kept.derivation and isinstance(source, KeyFile) and not source.path.exists():
        how = (
            "is wrapped by a PKCS#11 token: name that by master_pkcs11."
            if kept.derivation.startswith(TOKEN_MARK)
            else "is made of a passphrase: give it by KEYSTEAD_MASTER_PASSPHRASE, or name its file by"
            " master_passphrase_file."
        )
        raise Misconfigured(f"This installation's master key, {kept.key_id}, {how}")
    master = open_master(source, kept.derivation, kept.key_id)
    return master, Keyring.open(kept.keys, master, kept.key_id)
