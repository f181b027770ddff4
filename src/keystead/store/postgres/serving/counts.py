"""What is counted, in PostgreSQL."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from keystead.store.counting import KEPT, Used, lasts, minutes, rolled
from keystead.store.postgres.serving.connection import TIMEOUT, translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from keystead.core.clock import Instant
    from keystead.ports.usage import Use
    from keystead.store.postgres.serving.store import PostgresStore

__all__ = ["PostgresCounts"]

_ADD_LAST: Final = """
INSERT INTO last_use AS l (credential_id, secret_n, at, address, agent, uses)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])
ON CONFLICT (credential_id, secret_n) DO UPDATE SET
  uses = l.uses + excluded.uses,
  address = CASE WHEN excluded.at >= l.at THEN excluded.address ELSE l.address END,
  agent = CASE WHEN excluded.at >= l.at THEN excluded.agent ELSE l.agent END,
  at = greatest(l.at, excluded.at)
"""
"""Adds counts and moves each last use forward, never back: nodes flush in any order."""

_ADD_USED: Final = """
INSERT INTO used_in AS l
  (credential_id, start, length, api, outcome, uses, first_at, last_at, address, agent)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[],
  $7::bigint[], $8::bigint[], $9::text[], $10::text[])
ON CONFLICT (credential_id, start, length, api, outcome) DO UPDATE SET
  uses = l.uses + excluded.uses,
  first_at = least(l.first_at, excluded.first_at),
  address = CASE WHEN excluded.last_at >= l.last_at THEN excluded.address ELSE l.address END,
  agent = CASE WHEN excluded.last_at >= l.last_at THEN excluded.agent ELSE l.agent END,
  last_at = greatest(l.last_at, excluded.last_at)
"""
# What another node is putting into longer periods is left to it.
_TAKE: Final = """
DELETE FROM used_in USING (
  SELECT ctid AS place FROM used_in WHERE length = $1 AND start < $2
  ORDER BY start LIMIT $3 FOR UPDATE SKIP LOCKED
) AS old
WHERE used_in.ctid = old.place
RETURNING credential_id, start, length, api, outcome, uses, first_at, last_at, address, agent
"""


class PostgresCounts:
    """`ports.usage.UsageRecords` on a server."""

    def __init__(self, store: PostgresStore) -> None:
        """Share a store's connections."""
        self._store = store

    async def add(self, uses: Sequence[Use]) -> None:
        """See the port."""
        if not uses:
            return
        async with self._writing() as connection:
            if last := lasts(uses):
                await connection.execute(_ADD_LAST, *_columns(last))
            await connection.execute(_ADD_USED, *_columns(minutes(uses)))

    async def roll(self, at: Instant, size: int) -> int:
        """See the port."""
        done = 0
        async with self._writing() as connection:
            for length, age, longer in KEPT:
                taken = await connection.fetch(_TAKE, length, at - age, size - done)
                if taken:
                    old = [Used(*row) for row in taken]
                    await connection.execute(_ADD_USED, *_columns(rolled(old, longer)))
                done += len(taken)
        return done

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Any]:
        try:
            pool = self._store.pool
            async with pool.acquire(timeout=TIMEOUT) as connection, connection.transaction():
                # A crash may lose the last second's counts; they are not the audit.
                await connection.execute("SET LOCAL synchronous_commit = off")
                yield connection
        except Exception as error:  # noqa: BLE001  # `translated` returns what is none of its own
            raise translated(error) from None


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Return rows, in one order everywhere so that two nodes never wait for each other, by column."""
    return [list(column) for column in zip(*rows, strict=True)]
