"""Many tokens at once: rows written in bulk beside the server, not by a million requests.

One token is made by the store; the others are copies of its row with the columns changed that lists look at.
Their indexes are made afterwards.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from keystead.core.clock import DAY, SECOND, Instant, SystemClock
from keystead.core.ids import new_id
from keystead.core.names import name_key
from keystead.credentials.record import Credential, StoredSecret
from keystead.crypto.keyring import Keyring, read_master_key
from keystead.policy.networks import parse_network
from keystead.policy.scopes import Access
from keystead.settings import read_settings
from keystead.store.rows.paging import search_text
from keystead.store.sqlite.connection import DATABASE, USAGE
from keystead.store.sqlite.engine import SQLiteEngine
from keystead.store.sqlite.store import SQLiteStore

_ACCESS: Final = (Access("keystead", ("secrets:read", "accounts:list"), {"folders": "read"}),)
_NETWORKS: Final = (parse_network("192.168.1.0/24"), parse_network("10.0.0.5-10.0.0.90"))

Row = dict[str, Any]


def add_tokens(data: Path, owners: list[str], count: int) -> None:
    """Add tokens in every state, dealt out to the owners; half of them have been used."""
    now = SystemClock().now()
    first = _token(owners[0], now)
    asyncio.run(_insert(data, first))
    ids = [first.id, *(new_id("cred") for _ in range(count - 1))]
    with bulk(data / DATABASE, ("credentials", "credential_secrets")) as base:
        rows = {}
        for table, column in (("credentials", "id"), ("credential_secrets", "credential_id")):
            found = base.execute(f"SELECT * FROM {table} WHERE {column} = ?", (first.id,))
            rows[table] = dict(found.fetchone())
            base.execute(f"DELETE FROM {table} WHERE {column} = ?", (first.id,))
        tokens = (
            rows["credentials"] | _varied(n, id_, owners[n % len(owners)], now)
            for n, id_ in enumerate(ids)
        )
        put(base, "credentials", tokens)
        secret = rows["credential_secrets"]
        made = (
            {**secret, "row": None, "credential_id": id_, "digest": secrets.token_bytes(32)}
            for id_ in ids
        )
        put(base, "credential_secrets", made)
    with bulk(data / USAGE, ()) as base:
        used = (
            {"credential_id": id_, "secret_n": 1, "at": now, "address": "192.168.1.7",
             "agent": "bench", "uses": n}
            for n, id_ in enumerate(ids) if n % 2
        )  # fmt: skip
        put(base, "last_use", used)


def put(base: sqlite3.Connection, table: str, rows: Iterator[Row]) -> None:
    """Insert rows that have the same columns."""
    first = next(rows)
    columns, places = ", ".join(f'"{c}"' for c in first), ", ".join("?" * len(first))
    insert = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # names of ours
    base.execute(insert, tuple(first.values()))
    base.executemany(insert, (tuple(row.values()) for row in rows))


@contextmanager
def bulk(path: Path, tables: tuple[str, ...]) -> Iterator[sqlite3.Connection]:
    """Write without waiting for the disk, and make the tables' indexes anew at the end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.row_factory = sqlite3.Row
        for pragma in ("synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
            base.execute(f"PRAGMA {pragma}")
        base.execute("BEGIN IMMEDIATE")
        indexes = base.execute(
            "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        indexes = [each for each in indexes if each["tbl_name"] in tables]
        for each in indexes:
            base.execute(f"DROP INDEX {each['name']}")
        yield base
        for each in indexes:
            base.execute(each["sql"])
        base.execute("COMMIT")
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


async def _insert(data: Path, credential: Credential) -> None:
    kept = SQLiteEngine(data).keys()
    master = read_master_key(read_settings(data).master_key_file)
    store = SQLiteStore(data, Keyring.open(kept.keys, master, kept.key_id).audit)
    secret = StoredSecret(1, 1, secrets.token_bytes(32), credential.created_at)
    try:
        await store.act(lambda tx: tx.credentials.insert(credential, secret))
    finally:
        await store.close()


def _token(owner: str, now: Instant) -> Credential:
    return Credential(
        id=new_id("cred"),
        kind="api_token",
        type="static",
        name="the first of the bench",
        description="",
        owner_id=owner,
        created_by=owner,
        created_at=now,
        modified_at=now,
        access=_ACCESS,
        networks=_NETWORKS,
        expires_at=None,
        metadata={"team": "bench"},
    )


def _varied(n: int, id_: str, owner: str, now: Instant) -> Row:
    # The ends go round in 299 days, so that neither a state nor an owner has days of its own.
    # Of ten: one revoked, one disabled, one expired, one expiring, two without an end, four ordinary.
    turn = n % 10
    end = {2: now - DAY, 3: now + 7 * DAY, 4: None, 5: None}.get(turn, now + (40 + n % 299) * DAY)
    created = now - 400 * DAY + n * SECOND
    name, description = (
        f"service {(n * 7919) % 1_000_003:07d} of the bench",
        f"made to be listed, {n}",
    )
    return {
        "id": id_,
        "name": name,
        "name_key": name_key(name),
        "description": description,
        "search": search_text(name, description, id_),
        "owner_id": owner,
        "created_by": owner,
        "created_at": created,
        "modified_at": created,
        "expires_at": end,
        "disabled_at": now if turn == 1 else None,
        "revoked_at": now if turn == 0 else None,
    }
