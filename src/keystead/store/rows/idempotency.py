"""Kept answers in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select, tuple_, update

# SQLite has taken over PostgreSQL's ON CONFLICT, and compiles this one too.
from sqlalchemy.dialects.postgresql import insert

from keystead.core.clock import Instant
from keystead.ports.idempotency import SealedAnswer
from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from keystead.store.rows.statement import Runner

__all__ = ["IdempotencyRows"]

_A: Final = tables.kept_answers.c
_INSERT: Final = insert(tables.kept_answers).values({c.name: bindparam(c.name) for c in _A})
# What has ended is free, whether it has been deleted yet or not.
_CLAIM: Final = kept(
    _INSERT.on_conflict_do_update(
        index_elements=[_A.credential_id, _A.request_key],
        set_={"sealed": _INSERT.excluded.sealed, "expires_at": _INSERT.excluded.expires_at},
        where=_A.expires_at <= bindparam("now"),
    )
)
_OF_KEY: Final = (_A.credential_id == bindparam("of"), _A.request_key == bindparam("named"))
_KEEP: Final = kept(update(tables.kept_answers).where(*_OF_KEY).values(sealed=bindparam("sealed")))
_FIND: Final = kept(
    select(_A.sealed, _A.expires_at).where(*_OF_KEY, _A.expires_at > bindparam("now"))
)
_ENDED: Final = (
    select(_A.credential_id, _A.request_key)
    .where(_A.expires_at <= bindparam("now"))
    .order_by(_A.expires_at)
    .limit(bindparam("most"))
    # Each node deletes what no other one is deleting.
    .with_for_update(skip_locked=True)
)
_FORGET: Final = kept(
    delete(tables.kept_answers).where(tuple_(_A.credential_id, _A.request_key).in_(_ENDED))
)


class IdempotencyRows:
    """`ports.idempotency.IdempotencyRecords` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def claim(self, credential_id: str, key: str, at: Instant, expires_at: Instant) -> bool:
        """See the port."""
        values = {
            "credential_id": credential_id,
            "request_key": key,
            "sealed": b"",
            "expires_at": expires_at,
            "now": at,
        }
        return bool(await self._run.changed(_CLAIM, values))

    async def keep(self, credential_id: str, key: str, sealed: bytes) -> None:
        """See the port."""
        await self._run.changed(_KEEP, {"of": credential_id, "named": key, "sealed": sealed})

    async def find(self, credential_id: str, key: str, at: Instant) -> SealedAnswer | None:
        """See the port."""
        row = await self._run.row(_FIND, {"of": credential_id, "named": key, "now": at})
        return None if row is None else SealedAnswer(row["sealed"], Instant(row["expires_at"]))

    async def forget(self, at: Instant, most: int) -> int:
        """See the port."""
        return await self._run.changed(_FORGET, {"now": at, "most": most})
