"""Owners in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import json
from sqlalchemy import bindparam, func, insert, select, update

from keystead.core.names import name_key
from keystead.owners.owner import Owner
from keystead.policy.roles import Role
from keystead.store import tables
from keystead.store.paging import cut_page, holds_text, paged, search_text
from keystead.store.statement import is_one_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.ports.owners import OwnerQuery
    from keystead.ports.paging import Page, PageRequest
    from keystead.store.statement import Row, Runner

__all__ = ["OWNER_COLUMNS", "OwnerRows", "owner_from"]

_O: Final = tables.owners.c
_KEPT: Final = {"kept": True}
_ROLES: Final = json.Decoder(frozenset[str])

OWNER_COLUMNS: Final = [
    column.label(f"o_{column.name}") for column in _O if column.name != "password_hash"
]
"""An owner's columns under names of their own, for joins; never the password's hash."""

_SAVED: Final = (
    "name", "name_key", "search", "email", "roles", "state", "managed_by", "modified_at", "revision",
)  # fmt: skip
_INSERT: Final = (
    insert(tables.owners).values({c.name: bindparam(c.name) for c in _O}).execution_options(**_KEPT)
)
_FIND: Final = select(*OWNER_COLUMNS).where(_O.id == bindparam("wanted")).execution_options(**_KEPT)
_EXISTING: Final = (
    select(_O.id).where(is_one_of(_O.id, bindparam("ids"))).execution_options(**_KEPT)
)
_SAVE: Final = (
    update(tables.owners)
    .where(_O.id == bindparam("wanted"), _O.revision == bindparam("was"))
    .values({name: bindparam(name) for name in _SAVED})
    .execution_options(**_KEPT)
)
_ADMINISTRATORS: Final = (
    select(func.count())
    .select_from(tables.owners)
    .where(
        _O.id != bindparam("wanted"),
        _O.kind == "user",
        _O.state == "active",
        func.instr(_O.roles, f'"{Role.ADMINISTRATOR}"') > 0,
    )
    .execution_options(**_KEPT)
)


class OwnerRows:
    """`ports.owners.OwnerRecords` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def insert(self, owner: Owner, password_hash: str | None) -> None:
        """See the port."""
        await self._run.changed(_INSERT, {**_row_of(owner), "password_hash": password_hash})

    async def find(self, owner_id: str) -> Owner | None:
        """See the port."""
        row = await self._run.row(_FIND, {"wanted": owner_id})
        return None if row is None else owner_from(row)

    async def existing(self, owner_ids: Collection[str]) -> frozenset[str]:
        """See the port."""
        rows = await self._run.rows(_EXISTING, {"ids": list(owner_ids)})
        return frozenset(row[0] for row in rows)

    async def save(self, owner: Owner, was: int) -> bool:
        """See the port."""
        row = _row_of(owner)
        values = {name: row[name] for name in _SAVED}
        return bool(await self._run.changed(_SAVE, {**values, "wanted": owner.id, "was": was}))

    async def other_administrators(self, owner_id: str) -> int:
        """See the port."""
        row = await self._run.row(_ADMINISTRATORS, {"wanted": owner_id})
        return int(row[0]) if row is not None else 0

    async def page(self, query: OwnerQuery, page: PageRequest) -> Page[Owner]:
        """See the port."""
        statement = select(*OWNER_COLUMNS)
        if query.visible is not None:
            statement = statement.where(is_one_of(_O.id, bindparam("visible")))
        if query.kind is not None:
            statement = statement.where(_O.kind == query.kind)
        if query.q is not None:
            statement = statement.where(holds_text(_O.search, query.q))
        statement = paged(statement, _O.name_key, _O.id, page)
        values = {} if query.visible is None else {"visible": query.visible}
        rows = await self._run.rows(statement, values)
        return cut_page(rows, page, owner_from, lambda row: (row["o_name_key"], row["o_id"]))


def owner_from(row: Row) -> Owner:
    """Turn `OWNER_COLUMNS` into a record."""
    return Owner(
        id=row["o_id"],
        kind=row["o_kind"],
        name=row["o_name"],
        login=row["o_login"],
        email=row["o_email"],
        roles=frozenset(Role(role) for role in _ROLES.decode(row["o_roles"])),
        state=row["o_state"],
        managed_by=row["o_managed_by"],
        created_by=row["o_created_by"],
        created_at=row["o_created_at"],
        modified_at=row["o_modified_at"],
        revision=row["o_revision"],
    )


def _row_of(owner: Owner) -> dict[str, object]:
    return {
        "id": owner.id,
        "kind": owner.kind,
        "name": owner.name,
        "name_key": name_key(owner.name),
        "search": search_text(owner.name, owner.login or "", owner.email),
        "login": owner.login,
        "login_key": None if owner.login is None else name_key(owner.login),
        "email": owner.email,
        "roles": json.encode(sorted(owner.roles)).decode(),
        "state": owner.state,
        "managed_by": owner.managed_by,
        "created_by": owner.created_by,
        "created_at": owner.created_at,
        "modified_at": owner.modified_at,
        "revision": owner.revision,
    }
