"""Uses of a token that has a number of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, case, or_, update

from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Runner

__all__ = ["use_once"]

_C: Final = tables.credentials.c
_IS_LAST: Final = _C.uses + 1 >= _C.max_uses
_USE: Final = kept(
    update(tables.credentials)
    .where(
        _C.id == bindparam("wanted"),
        _C.uses < _C.max_uses,
        or_(_C.expires_at.is_(None), _C.expires_at > bindparam("now")),
        _C.revoked_at.is_(None),
        _C.disabled_at.is_(None),
    )
    .values(
        uses=_C.uses + 1,
        expires_at=case((_IS_LAST, bindparam("now")), else_=_C.expires_at),
        # Somebody may be moving its end.
        revision=case((_IS_LAST, _C.revision + 1), else_=_C.revision),
    )
    .returning(_C.uses, _C.max_uses)
)


async def use_once(
    run: Runner, generation: GenerationRows, credential_id: str, at: Instant
) -> bool:
    """See `ports.credentials.CredentialRecords.use`."""
    row = await run.row(_USE, {"wanted": credential_id, "now": at})
    if row is None:
        return False
    uses, most = row
    if uses == most:
        await generation.raise_for("credential", credential_id, at)
    return True
