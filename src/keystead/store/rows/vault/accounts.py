"""Accounts and their sealed versions in SQL."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import json
from sqlalchemy import (
    BigInteger,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from keystead.core.names import name_key
from keystead.store.rows.paging import cut_page, holds_text, paged, search_text
from keystead.store.rows.statement import holds, is_one_of, kept
from keystead.store.rows.vault.folders import living_folder
from keystead.store.schema import tables
from keystead.vault.account import Account
from keystead.vault.version import SealedVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant
    from keystead.ports.paging import Page, PageRequest
    from keystead.ports.vault import AccountQuery
    from keystead.store.rows.statement import Row, Runner

__all__ = ["AccountRows"]

_A: Final = tables.accounts.c
_V: Final = tables.account_versions.c
_TEXTS: Final = json.Decoder(tuple[str, ...])

# Read by place: by name, a fetch takes 5 µs longer.
_COLUMNS: Final = (
    _A.id, _A.folder_id, _A.name, _A.username, _A.target, _A.type, _A.tags, _A.notes, _A.version,
    _A.field_names, _A.created_by, _A.created_at, _A.modified_at, _A.revision,
)  # fmt: skip
_WIDTH: Final = len(_COLUMNS)

_INSERT: Final = kept(
    insert(tables.accounts).from_select(
        [c.name for c in _A],
        select(*(bindparam(c.name, type_=c.type) for c in _A)).where(living_folder("folder_id")),
    )
)
_INSERT_VERSION: Final = kept(
    insert(tables.account_versions).values({c.name: bindparam(c.name) for c in _V})
)
_FIND: Final = kept(select(*_COLUMNS).where(_A.id == bindparam("wanted"), _A.deleted_at.is_(None)))
_FIND_AND_HOLD: Final = _FIND.with_for_update()
_FIND_IN: Final = kept(
    select(*_COLUMNS).where(
        _A.folder_id == bindparam("folder"),
        _A.name_key == bindparam("key"),
        _A.deleted_at.is_(None),
    )
)
_VERSION_COLUMNS: Final = (
    _V.account_id, _V.n, _V.sealed, _V.field_names, _V.created_by, _V.created_at,
)  # fmt: skip
_WITH_VERSION: Final = (
    select(*_COLUMNS, *_VERSION_COLUMNS)
    .outerjoin(
        tables.account_versions,
        and_(
            _V.account_id == _A.id,
            _V.n == func.coalesce(bindparam("number", type_=BigInteger), _A.version),
        ),
    )
    .where(_A.deleted_at.is_(None))
)
_FETCH: Final = kept(_WITH_VERSION.where(_A.id == bindparam("wanted")))
_FETCH_IN: Final = kept(
    _WITH_VERSION.where(_A.folder_id == bindparam("folder"), _A.name_key == bindparam("key"))
)
_SAVED: Final = (
    "folder_id", "name", "name_key", "username", "target", "type", "tags", "notes", "search",
    "modified_at", "revision",
)  # fmt: skip
_SAVE: Final = kept(
    update(tables.accounts)
    .where(
        _A.id == bindparam("wanted"),
        _A.revision == bindparam("was"),
        _A.deleted_at.is_(None),
        living_folder("folder_id"),
    )
    .values({name: bindparam(name) for name in _SAVED})
)
# The deciding statement of a write: only who names the number after the newest adds it.
_ADVANCE: Final = kept(
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
)
_BEFORE: Final = bindparam("before", type_=BigInteger)
_VERSIONS: Final = kept(
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
        or_(
            bindparam("before", type_=BigInteger).is_(None),
            _V.n < bindparam("before", type_=BigInteger),
        ),
    )
    .order_by(_V.n.desc())
    .limit(bindparam("most"))
)
_BURY: Final = kept(
    update(tables.accounts)
    .where(_A.id == bindparam("wanted"), _A.deleted_at.is_(None))
    .values(deleted_at=bindparam("now"))
)
_DESTROY: Final = kept(delete(tables.account_versions).where(_V.account_id == bindparam("wanted")))


class AccountRows:
    """`ports.vault.AccountRecords` over SQL."""

    def __init__(self, run: Runner, *, holds: bool) -> None:
        """Work within one transaction; one that `holds` lets nobody else change what it has found."""
        self._run = run
        self._find = _FIND_AND_HOLD if holds else _FIND

    async def insert(self, account: Account, version: SealedVersion) -> bool:
        """See the port."""
        if not await self._run.changed(_INSERT, _row_of(account)):
            return False
        await self._run.changed(_INSERT_VERSION, _version_row(version))
        return True

    async def find(self, account_id: str) -> Account | None:
        """See the port."""
        row = await self._run.row(self._find, {"wanted": account_id})
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

    async def fetch(
        self, account_id: str, n: int | None
    ) -> tuple[Account, SealedVersion | None] | None:
        """See the port."""
        return _fetched(await self._run.row(_FETCH, {"wanted": account_id, "number": n}))

    async def fetch_in(
        self, folder_id: str, name: str, n: int | None
    ) -> tuple[Account, SealedVersion | None] | None:
        """See the port."""
        values = {"folder": folder_id, "key": name_key(name), "number": n}
        return _fetched(await self._run.row(_FETCH_IN, values))

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
        statement = select(*_COLUMNS, _A.name_key).where(_A.deleted_at.is_(None))
        if query.visible is not None:
            statement = statement.where(is_one_of(_A.folder_id, bindparam("visible")))
        if query.folder_id is not None:
            statement = statement.where(_A.folder_id == query.folder_id)
        if query.type is not None:
            statement = statement.where(_A.type == query.type)
        if query.tag is not None:
            statement = statement.where(holds(_A.tags, json.encode(query.tag).decode()))
        if query.q is not None:
            statement = statement.where(holds_text(_A.search, query.q))
        statement = paged(statement, _A.name_key, _A.id, page)
        values = {} if query.visible is None else {"visible": query.visible}
        rows = await self._run.rows(statement, values)
        return cut_page(rows, page, _account_from, lambda row: (row[_WIDTH], row[0]))


def _account_from(row: Row) -> Account:
    (
        id_, folder_id, name, username, target, type_, tags, notes, version, field_names,
        created_by, created_at, modified_at, revision,
    ) = row[:_WIDTH]  # fmt: skip
    return Account(
        id=id_,
        folder_id=folder_id,
        name=name,
        username=username,
        target=target,
        type=type_,
        tags=_texts(tags),
        notes=notes,
        version=version,
        field_names=_texts(field_names),
        created_by=created_by,
        created_at=created_at,
        modified_at=modified_at,
        revision=revision,
    )


@lru_cache(maxsize=4096)
def _texts(text: str) -> tuple[str, ...]:
    return _TEXTS.decode(text)


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


def _fetched(row: Row | None) -> tuple[Account, SealedVersion | None] | None:
    if row is None:
        return None
    version = row[_WIDTH:]
    # Where there is no such version, all of its columns are null.
    return _account_from(row), None if version[1] is None else _version_from(version)


def _version_from(row: Row) -> SealedVersion:
    account_id, n, sealed, field_names, created_by, created_at = row
    return SealedVersion(account_id, n, sealed, _texts(field_names), created_by, created_at)
