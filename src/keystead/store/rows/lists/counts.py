"""How many credentials of each kind are in which state, out of one index that holds all it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, func, or_, select

from keystead.core.clock import DAY
from keystead.credentials.lifecycle import EXPIRING_DAYS
from keystead.ports.credentials import KindCount
from keystead.store.rows.lists.credentials import LIVING
from keystead.store.rows.statement import is_one_of
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.ports.credentials import CredentialQuery
    from keystead.store.rows.statement import Runner

__all__ = ["credential_counts"]

_C: Final = tables.credentials.c
_AT: Final = bindparam("at", type_=_C.expires_at.type)
_SOON: Final = bindparam("soon", type_=_C.expires_at.type)

_BEGUN: Final = and_(
    _C.revoked_at.is_(None),
    _C.disabled_at.is_(None),
    or_(_C.not_before.is_(None), _C.not_before <= _AT),
)
_ENDLESS: Final = _C.expires_at.is_(None)
_COUNTS: Final = (
    select(
        _C.kind,
        func.count().filter(_BEGUN, or_(_ENDLESS, _C.expires_at > _AT)),
        func.count().filter(_BEGUN, _C.expires_at > _AT, _C.expires_at <= _SOON),
        func.count().filter(_BEGUN, _C.expires_at <= _AT),
        func.count().filter(_BEGUN, _ENDLESS),
    )
    .where(LIVING)
    .group_by(_C.kind)
    .order_by(_C.kind)
)


async def credential_counts(run: Runner, query: CredentialQuery) -> Sequence[KindCount]:
    """Count those of a query's owners, kind and type, as `lifecycle.state` judges them."""
    wanted = _COUNTS
    values: dict[str, object] = {"at": query.at, "soon": query.at + EXPIRING_DAYS * DAY}
    if query.visible is not None:
        if not query.visible:
            return ()
        wanted = wanted.where(is_one_of(_C.owner_id, bindparam("owners")))
        values["owners"] = query.visible
    if query.kind is not None:
        wanted = wanted.where(_C.kind == query.kind)
    if query.type is not None:
        wanted = wanted.where(_C.type == query.type)
    return [KindCount(*row) for row in await run.rows(wanted, values)]
