"""Last uses in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.store.postgres.serving.connection import TIMEOUT, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.ports.usage import Use
    from keystead.store.postgres.serving.store import PostgresStore

__all__ = ["PostgresCounts"]

_ADD: Final = """
INSERT INTO last_use AS l (credential_id, secret_n, at, address, agent, uses)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])
ON CONFLICT (credential_id, secret_n) DO UPDATE SET
  uses = l.uses + excluded.uses,
  address = CASE WHEN excluded.at >= l.at THEN excluded.address ELSE l.address END,
  agent = CASE WHEN excluded.at >= l.at THEN excluded.agent ELSE l.agent END,
  at = greatest(l.at, excluded.at)
"""
"""Adds counts and moves each last use forward, never back: nodes flush in any order."""


class PostgresCounts:
    """`ports.usage.UsageRecords` on a server."""

    def __init__(self, store: PostgresStore) -> None:
        """Share a store's connections."""
        self._store = store

    async def add(self, uses: Sequence[Use]) -> None:
        """See the port."""
        if not uses:
            return
        # In one order everywhere, so that two nodes never wait for each other.
        rows = sorted(uses, key=lambda use: (use.credential_id, use.secret_n))
        columns = zip(
            *((u.credential_id, u.secret_n, u.at, u.address, u.agent, u.count) for u in rows),
            strict=True,
        )
        try:
            pool = self._store.pool
            async with pool.acquire(timeout=TIMEOUT) as connection, connection.transaction():
                # A crash may lose the last second's counts; they are not the audit.
                await connection.execute("SET LOCAL synchronous_commit = off")
                await connection.execute(_ADD, *map(list, columns))
        except Exception as error:  # noqa: BLE001  # `translated` returns what is none of its own
            raise translated(error) from None
