"""Many tokens at once: rows written through the store in this process, not by 100,000 requests."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Final

from keystead.core.clock import DAY, SECOND, Instant, SystemClock
from keystead.core.ids import new_id
from keystead.credentials.record import Credential, StoredSecret
from keystead.crypto.keyring import read_master_key
from keystead.policy.networks import parse_network
from keystead.policy.scopes import Access
from keystead.ports.store import Tx
from keystead.ports.usage import Use
from keystead.settings import read_settings
from keystead.store.counts import SQLiteCounts
from keystead.store.installation import open_keyring
from keystead.store.sqlite import SQLiteStore

_AT_ONCE: Final = 2000
_ACCESS: Final = (Access("keystead", ("secrets:read", "accounts:list"), {"folders": "read"}),)
_NETWORKS: Final = (parse_network("192.168.1.0/24"), parse_network("10.0.0.5-10.0.0.90"))


def add_tokens(data: Path, owners: list[str], count: int) -> None:
    """Add tokens in every state, dealt out to the owners; half of them have been used."""
    asyncio.run(_add(data, owners, count))


async def _add(data: Path, owners: list[str], count: int) -> None:
    keyring = open_keyring(data, read_master_key(read_settings(data).master_key_file))
    store, counts = SQLiteStore(data, keyring.audit), SQLiteCounts(data)
    now = SystemClock().now()
    try:
        for start in range(0, count, _AT_ONCE):
            made = [
                _token(n, owners[n % len(owners)], now)
                for n in range(start, min(start + _AT_ONCE, count))
            ]
            await store.act(lambda tx, made=made: _insert(tx, made))
            used = [
                Use(c.id, 1, now, "192.168.1.7", "bench", n) for n, c in enumerate(made) if n % 2
            ]
            await counts.add(used)
    finally:
        await store.close()
        counts.close()


async def _insert(tx: Tx, made: list[Credential]) -> None:
    for credential in made:
        secret = StoredSecret(1, 1, secrets.token_bytes(32), credential.created_at)
        await tx.credentials.insert(credential, secret)


def _token(n: int, owner: str, now: Instant) -> Credential:
    created = Instant(now - 400 * DAY + n * SECOND)
    # Of ten: one revoked, one disabled, one expired, one expiring, two without an end, four ordinary.
    turn = n % 10
    end = {2: now - DAY, 3: now + 7 * DAY, 4: None, 5: None}.get(turn, now + (40 + n % 300) * DAY)
    name = f"service {(n * 7919) % 1_000_003:07d} of the bench"
    return Credential(
        id=new_id("cred"),
        kind="api_token",
        type="static",
        name=name,
        description=f"made to be listed, {n}",
        owner_id=owner,
        created_by=owner,
        created_at=created,
        modified_at=created,
        access=_ACCESS,
        networks=_NETWORKS,
        expires_at=None if end is None else Instant(end),
        disabled_at=now if turn == 1 else None,
        revoked_at=now if turn == 0 else None,
        metadata={"team": "bench"},
    )
