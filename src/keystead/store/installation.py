"""The installation's own rows: which master key it needs, its keyring, and the first signed audit head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.audit.chain import genesis
from keystead.core.errors import Misconfigured
from keystead.crypto.keyring import Keyring, WrappedKey
from keystead.store.audit import NODE
from keystead.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from keystead.core.clock import Instant
    from keystead.crypto.keyring import MasterKey

__all__ = ["found_installation", "open_keyring"]


def found_installation(
    data: Path, organisation: str, master: MasterKey, keys: Iterable[WrappedKey], at: Instant
) -> None:
    """Write the rows that every installation has, in one transaction.

    Raises:
        Misconfigured: there are such rows already.
    """
    keys = list(keys)
    audit = Keyring.open(keys, master, master.key_id).audit
    head = genesis(NODE)
    key_n, mac = audit.sign(*head)
    connection = connect(data)
    try:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT 1 FROM installation").fetchall():
            connection.execute("ROLLBACK")
            msg = "There is an installation in this data directory already."
            raise Misconfigured(msg)
        connection.execute(
            "INSERT INTO installation (id, organisation, master_key_id, created_at)"
            " VALUES (1, ?, ?, ?)",
            (organisation, master.key_id, at),
        )
        connection.executemany(
            "INSERT INTO keyring (purpose, n, wrapped, created_at) VALUES (?, ?, ?, ?)",
            [(key.purpose, key.n, key.wrapped, at) for key in keys],
        )
        connection.execute("INSERT INTO generation (id, n) VALUES (1, 0)")
        connection.execute(
            "INSERT INTO audit_heads (node, n, digest, key_n, mac) VALUES (?, ?, ?, ?, ?)",
            (*head, key_n, mac),
        )
        connection.execute("COMMIT")
    finally:
        connection.close()


def open_keyring(data: Path, master: MasterKey) -> Keyring:
    """Open the keyring of a data directory.

    Raises:
        Misconfigured: there is no installation, or the master key is another one's.
    """
    connection = connect(data, writes=False)
    try:
        found = connection.execute("SELECT master_key_id FROM installation").fetchall()
        rows = connection.execute("SELECT purpose, n, wrapped FROM keyring").fetchall()
    finally:
        connection.close()
    if not found:
        msg = "This data directory holds no finished installation; run keystead init."
        raise Misconfigured(msg)
    return Keyring.open((WrappedKey(*row) for row in rows), master, found[0][0])
