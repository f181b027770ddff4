"""The installation's own rows: which master key it needs, its keyring, and the first signed audit head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.audit.chain import genesis
from keystead.core.errors import Misconfigured
from keystead.crypto.keyring import Keyring
from keystead.store.rows.audit import NODE
from keystead.store.sqlite.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from keystead.core.clock import Instant
    from keystead.crypto.keyring import MasterKey, WrappedKey

__all__ = ["found_installation"]


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
            "INSERT INTO installation (id, organisation, master_key_id, created_at, master_derivation)"
            " VALUES (1, ?, ?, ?, ?)",
            (organisation, master.key_id, at, master.derivation),
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
