"""Owners in SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from msgspec import json
from sqlalchemy import bindparam, func, insert, select, update

from keystead.core.errors import Conflict
from keystead.core.names import name_key
from keystead.owners.owner import Owner
from keystead.policy.roles import Role
from keystead.store.rows.owners.own import own_of
from keystead.store.rows.paging import cut_page, holds_text, paged, search_text
from keystead.store.rows.statement import holds, is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.sql.expression import Executable

    from keystead.ports.owners import OwnerQuery
    from keystead.ports.paging import Page, PageRequest
    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Row, Runner

__all__ = ["OWNER_COLUMNS", "OwnerRows", "owner_from"]

_O: Final = tables.owners.c
_ROLES: Final = json.Decoder(frozenset[str])
_METADATA: Final = json.Decoder(dict[str, str])

OWNER_COLUMNS: Final = [
    column.label(f"o_{column.name}")
    for column in _O
    if column.name not in {"password_hash", "metadata"}
]
"""An owner's columns under names of their own, for joins; never the password's hash, nor what nobody
decides upon: every process remembers what recognition read."""

_WHOLE: Final = [*OWNER_COLUMNS, _O.metadata.label("o_metadata")]
_SAVED: Final = (
    "name", "name_key", "search", "email", "roles", "state", "managed_by", "modified_at", "revision",
    "external_id", "metadata", "password_changed_at", "must_change",
    "disabled_from_above",
)  # fmt: skip
_INSERT: Final = kept(insert(tables.owners).values({c.name: bindparam(c.name) for c in _O}))
_FIND: Final = kept(select(*_WHOLE).where(_O.id == bindparam("wanted")))
_FIND_WITH_PASSWORD: Final = kept(
    select(*_WHOLE, _O.password_hash).where(_O.id == bindparam("wanted"))
)
_EXISTING: Final = kept(select(_O.id).where(is_one_of(_O.id, bindparam("ids"))))
_SAVING: Final = update(tables.owners).where(
    _O.id == bindparam("wanted"), _O.revision == bindparam("was")
)
_SAVE: Final = kept(_SAVING.values({name: bindparam(name) for name in _SAVED}))
_SAVE_WITH_PASSWORD: Final = kept(
    _SAVING.values({name: bindparam(name) for name in (*_SAVED, "password_hash")})
)


def _has_role(role: Role) -> ColumnElement[bool]:
    # Roles are a JSON list, and none is the end of another's name: the quotes are its bounds.
    return holds(_O.roles, f'"{role}"')


_ADMINISTRATORS: Final = kept(
    select(func.count())
    .select_from(tables.owners)
    .where(
        _O.id != bindparam("wanted"),
        _O.kind == "user",
        _O.state == "active",
        _has_role(Role.ADMINISTRATOR),
    )
)


class OwnerRows:
    """`ports.owners.OwnerRecords` over SQL."""

    def __init__(self, run: Runner, generation: GenerationRows) -> None:
        """Work within one transaction."""
        self._run = run
        self._generation = generation

    async def insert(self, owner: Owner, password_hash: str | None) -> None:
        """See the port."""
        await self._write(_INSERT, {**_row_of(owner), "password_hash": password_hash})
        if owner.managed_by is not None:
            await self._generation.raise_for("owner", owner.managed_by, owner.created_at)

    async def find(self, owner_id: str) -> Owner | None:
        """See the port."""
        row = await self._run.row(_FIND, {"wanted": owner_id})
        return None if row is None else _whole(row)

    async def find_with_password(self, owner_id: str) -> tuple[Owner, str | None] | None:
        """See the port."""
        row = await self._run.row(_FIND_WITH_PASSWORD, {"wanted": owner_id})
        return None if row is None else (_whole(row), row["password_hash"])

    async def existing(self, owner_ids: Collection[str]) -> frozenset[str]:
        """See the port."""
        rows = await self._run.rows(_EXISTING, {"ids": list(owner_ids)})
        return frozenset(row[0] for row in rows)

    async def own_of(self, owner_id: str) -> tuple[frozenset[str], frozenset[str]]:
        """See the port."""
        return await own_of(self._run, owner_id)

    async def save(self, owner: Owner, was: Owner, password_hash: str | None = None) -> bool:
        """See the port."""
        row = _row_of(owner)
        statement, values = _SAVE, {name: row[name] for name in _SAVED}
        values |= {"wanted": owner.id, "was": was.revision}
        if password_hash is not None:
            statement, values = _SAVE_WITH_PASSWORD, {**values, "password_hash": password_hash}
        if not await self._write(statement, values):
            return False
        for ref in {owner.id, was.managed_by, owner.managed_by} - {None}:
            await self._generation.raise_for("owner", str(ref), owner.modified_at)
        return True

    async def other_administrators(self, owner_id: str) -> int:
        """See the port."""
        row = await self._run.row(_ADMINISTRATORS, {"wanted": owner_id})
        return int(row[0]) if row is not None else 0

    async def page(self, query: OwnerQuery, page: PageRequest) -> Page[Owner]:
        """See the port."""
        descending = query.sort.startswith("-")
        sort = _O.created_at if query.sort.endswith("created_at") else _O.name_key
        statement = paged(_matching(query), sort, _O.id, page, descending=descending)
        values = {} if query.visible is None else {"visible": query.visible}
        rows = await self._run.rows(statement, values)
        return cut_page(rows, page, _whole, lambda row: (row[f"o_{sort.name}"], row["o_id"]))

    async def _write(self, statement: Executable, values: Mapping[str, object]) -> int:
        try:
            return await self._run.changed(statement, values)
        except Conflict:
            sentence = "another has this name, log-in name or external id already"
            raise Conflict("name_taken", sentence) from None


def _matching(query: OwnerQuery) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = []
    if query.visible is not None:
        wanted.append(is_one_of(_O.id, bindparam("visible")))
    if query.kind is not None:
        wanted.append(_O.kind == query.kind)
    if query.q is not None:
        wanted.append(holds_text(_O.search, query.q))
    if query.external_id is not None:
        wanted.append(_O.external_id == query.external_id)
    if query.state is not None:
        wanted.append(_O.state == query.state)
    if query.role is not None:
        wanted.append(_has_role(query.role))
    return select(*_WHOLE).where(*wanted)


def _whole(row: Row) -> Owner:
    return replace(owner_from(row), metadata=_METADATA.decode(row["o_metadata"]))


def owner_from(row: Row) -> Owner:
    """Turn `OWNER_COLUMNS` into a record without its metadata."""
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
        external_id=row["o_external_id"],
        password_changed_at=row["o_password_changed_at"],
        must_change=bool(row["o_must_change"]),
        disabled_from_above=bool(row["o_disabled_from_above"]),
    )


def _row_of(owner: Owner) -> dict[str, object]:
    return {
        "id": owner.id,
        "kind": owner.kind,
        "name": owner.name,
        "name_key": name_key(owner.name),
        "search": search_text(owner.name, owner.login or "", owner.email, owner.external_id or ""),
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
        "external_id": owner.external_id,
        "metadata": json.encode(dict(owner.metadata)).decode(),
        "password_changed_at": owner.password_changed_at,
        "must_change": int(owner.must_change),
        "disabled_from_above": int(owner.disabled_from_above),
    }
