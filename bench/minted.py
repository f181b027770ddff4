"""Many access tokens at once: rows written in bulk while no server runs, some of tokens that can be shown."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from bench.furnish import Row, bulk, put
from keystead.core.clock import DAY, HOUR, SystemClock
from keystead.core.ids import new_id
from keystead.crypto.keyring import Keyring, read_master_key
from keystead.crypto.token_format import mint
from keystead.settings import read_settings
from keystead.store.sqlite.connection import DATABASE
from keystead.store.sqlite.engine import SQLiteEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["add_live", "end_all"]

_OF_ONE: Final = 500
"""Of each other client: under the cap that a new installation has."""


def add_live(data: Path, parents: list[str], grants: str, shown: int, others: int) -> list[str]:
    """Add tokens of these credentials, which can be shown, and random ones of others; return the former."""
    kept = SQLiteEngine(data).keys()
    keyring = Keyring.open(
        kept.keys, read_master_key(read_settings(data).master_key_file), kept.key_id
    )
    now = SystemClock().now()
    tokens: list[str] = []

    def row(parent: str, n: int, id_: str, pepper_n: int, digest: bytes) -> Row:
        return {
            "row": None, "id": id_, "pepper_n": pepper_n, "digest": digest, "parent_id": parent,
            "secret_n": 1, "n": n, "grants": grants, "created_at": now, "expires_at": now + DAY,
            "revoked_at": None,
        }  # fmt: skip

    def rows() -> Iterator[Row]:
        for n in range(shown):
            id_ = new_id("cred")
            token = mint("a", id_.removeprefix("cred_"))
            pepper_n, digest = keyring.digester.digest(token)
            tokens.append(token.reveal())
            yield row(parents[n % len(parents)], 1 + n // len(parents), id_, pepper_n, digest)
        strangers = [new_id("cred") for _ in range(others // _OF_ONE + 1)]
        for n in range(others):
            parent, digest = strangers[n // _OF_ONE], secrets.token_bytes(32)
            yield row(parent, 1 + n % _OF_ONE, new_id("cred"), 1, digest)

    with bulk(data / DATABASE, ("access_tokens",)) as base:
        put(base, "access_tokens", rows())
    return tokens


def end_all(data: Path) -> int:
    """Let every token have ended, one after another, before an hour ago; return the last one's row."""
    end = SystemClock().now() - HOUR
    with bulk(data / DATABASE, ("access_tokens",)) as base:
        most = base.execute("SELECT max(row) FROM access_tokens").fetchone()[0]
        update = "UPDATE access_tokens SET created_at = ? + row - ?, expires_at = ? + row"
        base.execute(update, (end - 2 * HOUR, most, end - most))
    return int(most)
