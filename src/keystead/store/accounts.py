"""Accounts and their sealed versions in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import json
from sqlalchemy import bindparam, delete, func, insert, literal, or_, select, update

from keystead.core.names import name_key
from keystead.store import tables
from keystead.store.folders import living_folder
from keystead.store.paging import cut_page, holds_text, paged, search_text
from keystead.store.statement import is_one_of
from keystead.vault.account import Account
from keystead.vault.version import SealedVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant
    from keystead.ports.paging import Page, PageRequest
    from keystead.ports.vault import AccountQuery
    from keystead.store.statement import Row, Runner

__all__ = ["AccountRows"]

_A: Final = tables.accounts.c
_V: Final = tables.account_versions.c
_KEPT: Final = {"kept": True}
_TEXTS: Final = json.Decoder(tuple[str, ...])

_INSERT: Final = (
    insert(tables.accounts)
    .from_select(
        [c.name for c in _A],
        select(*(bindparam(c.name, type_=c.type) for c in _A)).where(living_folder("folder_id")),
    )
    .execution_options(**_KEPT)
)
_INSERT_VERSION: Final = (
    insert(tables.account_versions)
    .values({c.name: bindparam(c.name) for c in _V})
    .execution_options(**_KEPT)
)
_FIND: Final = (
    select(*_A)
    .where(_A.id == bindparam("wanted"), _A.deleted_at.is_(None))
    .execution_options(**_KEPT)
)
_FIND_IN: Final = (
    select(*_A)
    .where(
        _A.folder_id == bindparam("folder"),
        _A.name_key == bindparam("key"),
        _A.deleted_at.is_(None),
    )
    .execution_options(**_KEPT)
)
_SAVED: Final = (
    "folder_id", "name", "name_key", "username", "target", "type", "tags", "notes", "search",
    "modified_at", "revision",
)  # fmt: skip
_SAVE: Final = (
    update(tables.accounts)
    .where(
        _A.id == bindparam("wanted"),
        _A.revision == bindparam("was"),
        _A.deleted_at.is_(None),
        living_folder("folder_id"),
    )
    .values({name: bindparam(name) for name in _SAVED})
    .execution_options(**_KEPT)
)
# The deciding statement of a write: only who names the number after the newest adds it.
_ADVANCE: Final = (
    update(tables.accounts)
    .where(
        _A.id == bindparam("wanted"),
        _A.version == bindparam("before"),
        _A.deleted_at.is_(None),
    )
    .values(
        version=bindparam("fresh"),
        field_names=bindparam("names"),
        modified_at=bindparam("now"),
    )
    .execution_options(**_KEPT)
)
_FIND_VERSION: Final = (
    select(*_V)
    .where(_V.account_id == bindparam("wanted"), _V.n == bindparam("number"))
    .execution_options(**_KEPT)
)
_VERSIONS: Final = (
    select(
        _V.account_id,
        _V.n,
        literal(b"").label("sealed"),
        _V.field_names,
        _V.created_by,
        _V.created_at,
    )
    .where(
        _V.account_id == bindparam("wanted"),
        or_(bindparam("before").is_(None), _V.n < bindparam("before")),
    )
    .order_by(_V.n.desc())
    .limit(bindparam("most"))
    .execution_options(**_KEPT)
)
_BURY: Final = (
    update(tables.accounts)
    .where(_A.id == bindparam("wanted"), _A.deleted_at.is_(None))
    .values(deleted_at=bindparam("now"))
    .execution_options(**_KEPT)
)
_DESTROY: Final = (
    delete(tables.account_versions)
    .where(_V.account_id == bindparam("wanted"))
    .execution_options(**_KEPT)
)


class AccountRows:
    """`ports.vault.AccountRecords` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def insert(self, account: Account, version: SealedVersion) -> bool:
        """See the port."""
        if not await self._run.changed(_INSERT, _row_of(account)):
            return False
        await self._run.changed(_INSERT_VERSION, _version_row(version))
        return True

    async def find(self, account_id: str) -> Account | None:
        """See the port."""
        row = await self._run.row(_FIND, {"wanted": account_id})
        return None if row is None else _account_from(row)

    async def find_in(self, folder_id: str, name: str) -> Account | None:
        """See the port."""
        row = await self._run.row(_FIND_IN, {"folder": folder_id, "key": name_key(name)})
        return None if row is None else _account_from(row)

    async def save(self, account: Account, was: int) -> bool:
        """See the port."""
        row = _row_of(account)
        values = {name: row[name] for name in _SAVED}
        return bool(await self._run.changed(_SAVE, {**values, "wanted": account.id, "was": was}))

    async def add_version(self, version: SealedVersion) -> bool:
        """See the port."""
        advanced = await self._run.changed(
            _ADVANCE,
            {
                "wanted": version.account_id,
                "before": version.n - 1,
                "fresh": version.n,
                "names": json.encode(version.field_names).decode(),
                "now": version.created_at,
            },
        )
        if not advanced:
            return False
        await self._run.changed(_INSERT_VERSION, _version_row(version))
        return True

    async def find_version(self, account_id: str, n: int) -> SealedVersion | None:
        """See the port."""
        row = await self._run.row(_FIND_VERSION, {"wanted": account_id, "number": n})
        return None if row is None else _version_from(row)

    async def versions(
        self, account_id: str, before: int | None, size: int
    ) -> Sequence[SealedVersion]:
        """See the port."""
        values = {"wanted": account_id, "before": before, "most": size}
        return [_version_from(row) for row in await self._run.rows(_VERSIONS, values)]

    async def bury(self, account_id: str, at: Instant) -> bool:
        """See the port."""
        if not await self._run.changed(_BURY, {"wanted": account_id, "now": at}):
            return False
        await self._run.changed(_DESTROY, {"wanted": account_id})
        return True

    async def page(self, query: AccountQuery, page: PageRequest) -> Page[Account]:
        """See the port."""
        statement = select(*_A).where(_A.deleted_at.is_(None))
        if query.visible is not None:
            statement = statement.where(is_one_of(_A.folder_id, bindparam("visible")))
        if query.folder_id is not None:
            statement = statement.where(_A.folder_id == query.folder_id)
        if query.type is not None:
            statement = statement.where(_A.type == query.type)
        if query.tag is not None:
            statement = statement.where(func.instr(_A.tags, json.encode(query.tag).decode()) > 0)
        if query.q is not None:
            statement = statement.where(holds_text(_A.search, query.q))
        statement = paged(statement, _A.name_key, _A.id, page)
        values = {} if query.visible is None else {"visible": query.visible}
        rows = await self._run.rows(statement, values)
        return cut_page(rows, page, _account_from, lambda row: (row["name_key"], row["id"]))


def _account_from(row: Row) -> Account:
    return Account(
        id=row["id"],
        folder_id=row["folder_id"],
        name=row["name"],
        username=row["username"],
        target=row["target"],
        type=row["type"],
        tags=_TEXTS.decode(row["tags"]),
        notes=row["notes"],
        version=row["version"],
        field_names=_TEXTS.decode(row["field_names"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        revision=row["revision"],
    )


def _row_of(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "folder_id": account.folder_id,
        "name": account.name,
        "name_key": name_key(account.name),
        "username": account.username,
        "target": account.target,
        "type": account.type,
        "tags": json.encode(account.tags).decode(),
        "search": search_text(
            account.name, account.username, account.target, *account.tags, account.notes
        ),
        "notes": account.notes,
        "version": account.version,
        "field_names": json.encode(account.field_names).decode(),
        "created_by": account.created_by,
        "created_at": account.created_at,
        "modified_at": account.modified_at,
        "deleted_at": None,
        "revision": account.revision,
    }


def _version_row(version: SealedVersion) -> dict[str, object]:
    return {
        "account_id": version.account_id,
        "n": version.n,
        "sealed": version.sealed,
        "field_names": json.encode(version.field_names).decode(),
        "created_by": version.created_by,
        "created_at": version.created_at,
    }


def _version_from(row: Row) -> SealedVersion:
    return SealedVersion(
        account_id=row["account_id"],
        n=row["n"],
        sealed=row["sealed"],
        field_names=_TEXTS.decode(row["field_names"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
    )
