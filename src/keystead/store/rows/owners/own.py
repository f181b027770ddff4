"""What an owner has besides himself: applications that he manages, groups that he is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, literal, select

from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from keystead.store.rows.statement import Runner

__all__ = ["own_of"]

_O: Final = tables.owners.c
_M: Final = tables.group_members.c
_OWN: Final = kept(
    select(literal("application").label("what"), _O.id.label("id"))
    .where(_O.managed_by == bindparam("wanted"))
    .union_all(
        select(literal("group").label("what"), _M.group_id.label("id")).where(
            _M.owner_id == bindparam("wanted")
        )
    )
)


async def own_of(run: Runner, owner_id: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the applications that an owner manages, and the groups that he is in."""
    own: dict[str, set[str]] = {"application": set(), "group": set()}
    for what, id_ in await run.rows(_OWN, {"wanted": owner_id}):
        own[what].add(id_)
    return frozenset(own["application"]), frozenset(own["group"])
