"""Groups and their members in SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert, literal, select, update

from keystead.core.names import name_key
from keystead.owners.group import Group
from keystead.ports.paging import Page
from keystead.store.rows.paging import end_of, holds_text, paged
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.core.clock import Instant
    from keystead.ports.groups import GroupQuery
    from keystead.ports.paging import PageRequest
    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Row, Runner

__all__ = ["GroupRows"]

_G: Final = tables.groups.c
_M: Final = tables.group_members.c

_MOST_NAMED: Final = 100
"""Owners whose membership changed that are named one by one; of more, every process forgets all it knows."""

_INSERT: Final = kept(insert(tables.groups).values({c.name: bindparam(c.name) for c in _G}))
_FIND: Final = kept(select(*_G).where(_G.id == bindparam("wanted"), _G.deleted_at.is_(None)))
_EXISTING: Final = kept(
    select(_G.id).where(is_one_of(_G.id, bindparam("ids")), _G.deleted_at.is_(None))
)
_SAVED: Final = ("name", "name_key", "modified_at", "revision")
_AS_IT_WAS: Final = (
    _G.id == bindparam("wanted"),
    _G.revision == bindparam("was"),
    _G.deleted_at.is_(None),
)
_SAVE: Final = kept(
    update(tables.groups).where(*_AS_IT_WAS).values({name: bindparam(name) for name in _SAVED})
)
_BURY: Final = kept(update(tables.groups).where(*_AS_IT_WAS).values(deleted_at=bindparam("now")))
_MEMBERS_OF: Final = kept(
    select(_M.group_id, _M.owner_id).where(is_one_of(_M.group_id, bindparam("ids")))
)
_ADD: Final = kept(insert(tables.group_members).values({c.name: bindparam(c.name) for c in _M}))
_REMOVE: Final = kept(
    delete(tables.group_members).where(
        _M.group_id == bindparam("wanted"), is_one_of(_M.owner_id, bindparam("ids"))
    )
)
_UNGRANT: Final = kept(
    delete(tables.folder_grants).where(tables.folder_grants.c.grantee_id == bindparam("wanted"))
)


class GroupRows:
    """`ports.groups.GroupRecords` over SQL."""

    def __init__(self, run: Runner, generation: GenerationRows) -> None:
        """Work within one transaction."""
        self._run = run
        self._generation = generation

    async def insert(self, group: Group) -> None:
        """See the port."""
        await self._run.changed(_INSERT, _row_of(group))
        await self._change_members(group.id, frozenset(), group.members, group.created_at)

    async def find(self, group_id: str) -> Group | None:
        """See the port."""
        row = await self._run.row(_FIND, {"wanted": group_id})
        return None if row is None else (await self._with_members([row]))[0]

    async def existing(self, group_ids: Collection[str]) -> frozenset[str]:
        """See the port."""
        rows = await self._run.rows(_EXISTING, {"ids": list(group_ids)})
        return frozenset(row[0] for row in rows)

    async def save(self, group: Group, was: Group) -> bool:
        """See the port."""
        row = _row_of(group)
        values = {name: row[name] for name in _SAVED}
        values |= {"wanted": group.id, "was": was.revision}
        if not await self._run.changed(_SAVE, values):
            return False
        await self._change_members(group.id, was.members, group.members, group.modified_at)
        return True

    async def bury(self, group: Group, at: Instant) -> bool:
        """See the port."""
        values = {"wanted": group.id, "was": group.revision, "now": at}
        if not await self._run.changed(_BURY, values):
            return False
        await self._change_members(group.id, group.members, frozenset(), at)
        if await self._run.changed(_UNGRANT, {"wanted": group.id}):
            await self._generation.raise_for("folders", group.id, at)
        return True

    async def page(self, query: GroupQuery, page: PageRequest) -> Page[Group]:
        """See the port."""
        statement = select(*_G).where(_G.deleted_at.is_(None))
        of_group = select(literal(1)).where(_M.group_id == _G.id)
        if query.visible is not None:
            seen = of_group.where(is_one_of(_M.owner_id, bindparam("visible")))
            statement = statement.where(seen.exists())
        if query.member_id is not None:
            statement = statement.where(of_group.where(_M.owner_id == query.member_id).exists())
        if query.q is not None:
            statement = statement.where(holds_text(_G.name_key, query.q))
        statement = paged(statement, _G.name_key, _G.id, page)
        values = {} if query.visible is None else {"visible": query.visible}
        rows = await self._run.rows(statement, values)
        items = tuple(await self._with_members(rows[: page.size]))
        return Page(items, end_of(rows, page, lambda row: (row["name_key"], row["id"])))

    async def _with_members(self, rows: Collection[Row]) -> list[Group]:
        found: dict[str, set[str]] = {row["id"]: set() for row in rows}
        for group_id, owner_id in await self._run.rows(_MEMBERS_OF, {"ids": list(found)}):
            found[group_id].add(owner_id)
        return [replace(_group_from(row), members=frozenset(found[row["id"]])) for row in rows]

    async def _change_members(
        self, group_id: str, before: frozenset[str], after: frozenset[str], at: Instant
    ) -> None:
        if gone := before - after:
            await self._run.changed(_REMOVE, {"wanted": group_id, "ids": gone})
        if come := after - before:
            await self._run.each(
                _ADD, [{"group_id": group_id, "owner_id": owner_id} for owner_id in sorted(come)]
            )
        changed = gone | come
        if len(changed) > _MOST_NAMED:
            await self._generation.raise_for("owners", group_id, at)
            return
        for owner_id in sorted(changed):
            await self._generation.raise_for("owner", owner_id, at)


def _group_from(row: Row) -> Group:
    return Group(
        id=row["id"],
        name=row["name"],
        members=frozenset(),
        created_by=row["created_by"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        revision=row["revision"],
    )


def _row_of(group: Group) -> dict[str, object]:
    return {
        "id": group.id,
        "name": group.name,
        "name_key": name_key(group.name),
        "created_by": group.created_by,
        "created_at": group.created_at,
        "modified_at": group.modified_at,
        "deleted_at": None,
        "revision": group.revision,
    }
