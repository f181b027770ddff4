"""Folders and the grants on them in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Exists, String, bindparam, delete, func, insert, literal, or_, select, update

from keystead.core.names import name_key
from keystead.policy.roles import Right
from keystead.ports.paging import Page
from keystead.store.rows.paging import end_of, holds_text, paged
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables
from keystead.vault.folder import MAX_DEPTH, Folder, FolderTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.core.clock import Instant
    from keystead.ports.paging import PageRequest
    from keystead.ports.vault import FolderQuery
    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Row, Runner

__all__ = ["FolderRows", "living_folder"]

_F: Final = tables.folders.c
_G: Final = tables.folder_grants.c


def living_folder(parameter: str) -> Exists:
    """Return the condition that a folder (its id a parameter) is not deleted, nor will be during the act."""
    other = tables.folders.alias("place")
    return (
        select(literal(1))
        .select_from(other)
        .where(other.c.id == bindparam(parameter), other.c.deleted_at.is_(None))
        .with_for_update(read=True)
        .exists()
    )


_NAMES: Final = [c.name for c in _F]
_INSERT: Final = kept(
    insert(tables.folders).from_select(
        _NAMES,
        select(*(bindparam(c.name, type_=c.type) for c in _F)).where(
            or_(bindparam("parent_id", type_=String).is_(None), living_folder("parent_id"))
        ),
    )
)
_GRANT: Final = kept(insert(tables.folder_grants).values({c.name: bindparam(c.name) for c in _G}))
_UNGRANT: Final = kept(delete(tables.folder_grants).where(_G.folder_id == bindparam("wanted")))
_GRANTS_OF: Final = kept(
    select(_G.folder_id, _G.grantee_id, _G.access_right)
    .where(is_one_of(_G.folder_id, bindparam("ids")))
    .order_by(_G.folder_id, _G.grantee_id)
)
_TREE: Final = kept(
    select(_F.id, _F.parent_id, _F.name, _F.name_key).where(_F.deleted_at.is_(None))
)
_ALL_GRANTS: Final = kept(
    select(_G.folder_id, _G.grantee_id, _G.access_right)
    .join(tables.folders, _F.id == _G.folder_id)
    .where(_F.deleted_at.is_(None))
)
_FIND: Final = kept(select(*_F).where(_F.id == bindparam("wanted"), _F.deleted_at.is_(None)))
_SAVED: Final = ("parent_id", "name", "name_key", "modified_at", "revision")
_SAVE: Final = kept(
    update(tables.folders)
    .where(
        _F.id == bindparam("wanted"),
        _F.revision == bindparam("was"),
        _F.deleted_at.is_(None),
        or_(bindparam("parent_id", type_=String).is_(None), living_folder("parent_id")),
    )
    .values({name: bindparam(name) for name in _SAVED})
)
# One level more than a tree may have: enough to see that it is too deep, and an end in any case.
_LEVELS: Final = MAX_DEPTH + 1
_start = (
    select(_F.id, _F.parent_id, literal(1).label("level"))
    .where(_F.id == bindparam("wanted"), _F.deleted_at.is_(None))
    .cte("above", recursive=True)
)
_above = _start.union_all(
    select(_F.id, _F.parent_id, _start.c.level + 1).where(
        _F.id == _start.c.parent_id, _start.c.level < _LEVELS
    )
)
_ABOVE: Final = kept(select(_above.c.id).order_by(_above.c.level))
_top = (
    select(_F.id, literal(1).label("level"))
    .where(_F.id == bindparam("wanted"), _F.deleted_at.is_(None))
    .cte("below", recursive=True)
)
_below = _top.union_all(
    select(_F.id, _top.c.level + 1).where(
        _F.parent_id == _top.c.id, _F.deleted_at.is_(None), _top.c.level < _LEVELS
    )
)
_HEIGHT: Final = kept(select(func.coalesce(func.max(_below.c.level), 0)))
_HOLD: Final = kept(select(_F.id).where(_F.id == bindparam("wanted")).with_for_update())
_CHILD: Final = tables.folders.alias("child")
_A: Final = tables.accounts.c
_BURY: Final = kept(
    update(tables.folders)
    .where(
        _F.id == bindparam("wanted"),
        _F.deleted_at.is_(None),
        ~select(literal(1))
        .select_from(_CHILD)
        .where(_CHILD.c.parent_id == bindparam("wanted"), _CHILD.c.deleted_at.is_(None))
        .exists(),
        ~select(literal(1))
        .select_from(tables.accounts)
        .where(_A.folder_id == bindparam("wanted"), _A.deleted_at.is_(None))
        .exists(),
    )
    .values(deleted_at=bindparam("now"))
)


class FolderRows:
    """`ports.vault.FolderRecords` over SQL."""

    def __init__(self, run: Runner, generation: GenerationRows) -> None:
        """Work within one transaction."""
        self._run = run
        self._generation = generation

    async def tree(self) -> FolderTree:
        """See the port."""
        rows = await self._run.rows(_TREE, {})
        return FolderTree(
            parents={row[0]: row[1] for row in rows},
            names={row[0]: row[2] for row in rows},
            children={(row[1], row[3]): row[0] for row in rows},
            grants=_grants(await self._run.rows(_ALL_GRANTS, {})),
        )

    async def insert(self, folder: Folder) -> bool:
        """See the port."""
        if not await self._run.changed(_INSERT, _row_of(folder)):
            return False
        await self._grant(folder)
        await self._generation.raise_for("folders", folder.id, folder.created_at)
        return True

    async def find(self, folder_id: str) -> Folder | None:
        """See the port."""
        row = await self._run.row(_FIND, {"wanted": folder_id})
        if row is None:
            return None
        grants = _grants(await self._run.rows(_GRANTS_OF, {"ids": [folder_id]}))
        return _folder_from(row, grants)

    async def above(self, folder_id: str) -> tuple[str, ...]:
        """See the port."""
        return tuple(row[0] for row in await self._run.rows(_ABOVE, {"wanted": folder_id}))

    async def height(self, folder_id: str) -> int:
        """See the port."""
        row = await self._run.row(_HEIGHT, {"wanted": folder_id})
        return 0 if row is None else int(row[0])

    async def save(self, folder: Folder, was: int) -> bool:
        """See the port."""
        row = _row_of(folder)
        values = {name: row[name] for name in _SAVED}
        if not await self._run.changed(_SAVE, {**values, "wanted": folder.id, "was": was}):
            return False
        await self._run.changed(_UNGRANT, {"wanted": folder.id})
        await self._grant(folder)
        await self._generation.raise_for("folders", folder.id, folder.modified_at)
        return True

    async def bury(self, folder_id: str, at: Instant) -> bool:
        """See the port."""
        # Whoever is putting something into it has ended before the next statement looks.
        await self._run.row(_HOLD, {"wanted": folder_id})
        if not await self._run.changed(_BURY, {"wanted": folder_id, "now": at}):
            return False
        await self._generation.raise_for("folders", folder_id, at)
        return True

    async def page(self, query: FolderQuery, page: PageRequest) -> Page[Folder]:
        """See the port."""
        statement = select(*_F).where(_F.deleted_at.is_(None))
        if query.visible is not None:
            statement = statement.where(is_one_of(_F.id, bindparam("visible")))
        if query.parent_id is not None:
            statement = statement.where(_F.parent_id == query.parent_id)
        if query.q is not None:
            statement = statement.where(holds_text(_F.name_key, query.q))
        statement = paged(statement, _F.name_key, _F.id, page)
        values = {} if query.visible is None else {"visible": query.visible}
        rows = await self._run.rows(statement, values)
        shown = rows[: page.size]
        grants = _grants(await self._run.rows(_GRANTS_OF, {"ids": [row["id"] for row in shown]}))
        items = tuple(_folder_from(row, grants) for row in shown)
        return Page(items, end_of(rows, page, lambda row: (row["name_key"], row["id"])))

    async def _grant(self, folder: Folder) -> None:
        for grantee_id, right in folder.grants.items():
            values = {"folder_id": folder.id, "grantee_id": grantee_id, "access_right": int(right)}
            await self._run.changed(_GRANT, values)


def _grants(rows: Iterable[Row]) -> dict[str, dict[str, Right]]:
    found: dict[str, dict[str, Right]] = {}
    for folder_id, grantee_id, right in rows:
        found.setdefault(folder_id, {})[grantee_id] = Right(right)
    return found


def _folder_from(row: Row, grants: Mapping[str, Mapping[str, Right]]) -> Folder:
    return Folder(
        id=row["id"],
        parent_id=row["parent_id"],
        name=row["name"],
        grants=grants.get(row["id"], {}),
        created_by=row["created_by"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        revision=row["revision"],
    )


def _row_of(folder: Folder) -> dict[str, object]:
    return {
        "id": folder.id,
        "parent_id": folder.parent_id,
        "name": folder.name,
        "name_key": name_key(folder.name),
        "created_by": folder.created_by,
        "created_at": folder.created_at,
        "modified_at": folder.modified_at,
        "deleted_at": None,
        "revision": folder.revision,
    }
