"""How often access tokens are asked for, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Integer, bindparam, case, delete, insert, select, tuple_

# SQLite has taken over PostgreSQL's ON CONFLICT, and compiles this one too.
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from keystead.core.clock import Instant
from keystead.ports.mints import Capped
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.store.rows.statement import Runner

__all__ = ["MintRows"]

_P: Final = tables.paced_mints.c
_M: Final = tables.capped_mints.c
_C: Final = tables.credentials.c

_PACED_AT: Final = kept(
    select(_P.at)
    .where(
        # Of a key that has one id alone, that one twice.
        _P.credential_id.in_((bindparam("credential_id"), bindparam("other_id"))),
        _P.at > bindparam("after"),
    )
    .order_by(_P.at.desc())
    .limit(1)
    .offset(bindparam("back", type_=Integer))
)
_PACE: Final = kept(insert(tables.paced_mints).values({c.name: bindparam(c.name) for c in _P}))
_PASSED: Final = kept(
    delete(tables.paced_mints).where(
        _P.credential_id == bindparam("wanted"), _P.at <= bindparam("after")
    )
)
_OVER: Final = (
    select(_P.credential_id, _P.token_id)
    .where(_P.at <= bindparam("now"))
    .order_by(_P.at)
    .limit(bindparam("size"))
    .with_for_update(skip_locked=True)
)
_FORGET: Final = kept(
    delete(tables.paced_mints).where(tuple_(_P.credential_id, _P.token_id).in_(_OVER))
)

_NOTE: Final = insert_or_update(tables.capped_mints).values({c.name: bindparam(c.name) for c in _M})
_LONG_AGO: Final = _M.last_at <= bindparam("after")
_CAP: Final = kept(
    _NOTE.on_conflict_do_update(
        index_elements=[_M.credential_id],
        set_={
            "ended": case((_LONG_AGO, _NOTE.excluded.ended), else_=_M.ended + _NOTE.excluded.ended),
            "since": case((_LONG_AGO, _NOTE.excluded.since), else_=_M.since),
            "last_at": _NOTE.excluded.last_at,
        },
    )
)
_CAPPED: Final = kept(
    select(_M.credential_id, _C.kind, _C.name, _M.ended, _M.since, _M.last_at)
    .join(tables.credentials, _C.id == _M.credential_id)
    .where(_M.last_at > bindparam("after"), _C.deleted_at.is_(None))
    .order_by(_M.ended.desc(), _M.credential_id)
    .limit(bindparam("size"))
)
_CAPPED_OF: Final = kept(_CAPPED.where(is_one_of(_C.owner_id, bindparam("visible"))))


class MintRows:
    """`ports.mints.MintRecords` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def paced_at(
        self, credential_ids: tuple[str, ...], back: int, after: Instant
    ) -> Instant | None:
        """See the port."""
        first, last = credential_ids[0], credential_ids[-1]
        values = {"credential_id": first, "other_id": last, "back": back, "after": after}
        row = await self._run.row(_PACED_AT, values)
        return None if row is None else Instant(row[0])

    async def pace(self, credential_id: str, token_id: str, at: Instant, after: Instant) -> None:
        """See the port."""
        await self._run.changed(_PASSED, {"wanted": credential_id, "after": after})
        values = {"credential_id": credential_id, "token_id": token_id, "at": at}
        await self._run.changed(_PACE, values)

    async def cap(self, credential_id: str, ended: int, at: Instant, after: Instant) -> None:
        """See the port."""
        noted = {"credential_id": credential_id, "ended": ended, "since": at, "last_at": at}
        await self._run.changed(_CAP, {**noted, "after": after})

    async def capped(
        self, visible: frozenset[str] | None, after: Instant, size: int
    ) -> Sequence[Capped]:
        """See the port."""
        values: dict[str, object] = {"after": after, "size": size}
        if visible is None:
            rows = await self._run.rows(_CAPPED, values)
        else:
            rows = await self._run.rows(_CAPPED_OF, {**values, "visible": visible})
        return [Capped(*row) for row in rows]

    async def forget(self, at: Instant, size: int) -> int:
        """See the port."""
        return await self._run.changed(_FORGET, {"now": at, "size": size})
