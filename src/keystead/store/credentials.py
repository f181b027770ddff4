"""Credentials and their secrets in SQL."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import json
from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from keystead.core.clock import DAY
from keystead.core.names import name_key
from keystead.credentials.lifecycle import EXPIRING_DAYS
from keystead.credentials.record import Credential, LastUse, StoredSecret
from keystead.policy.networks import Network, parse_network
from keystead.policy.scopes import Access
from keystead.ports.credentials import Known, Listed
from keystead.ports.paging import Page
from keystead.store import tables
from keystead.store.owners import OWNER_COLUMNS, owner_from
from keystead.store.paging import end_of, holds_text, paged, paged_empty_last, search_text
from keystead.store.statement import is_one_of
from keystead.store.usage import last_uses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import ColumnElement, Select

    from keystead.core.clock import Instant
    from keystead.owners.owner import Owner
    from keystead.ports.credentials import CredentialQuery
    from keystead.ports.paging import PageRequest, Position
    from keystead.store.statement import Row, Runner

__all__ = ["CredentialRows"]

_C: Final = tables.credentials.c
_S: Final = tables.credential_secrets.c
_O: Final = tables.owners.c
_KEPT: Final = {"kept": True}

_ACCESS: Final = json.Decoder(tuple[Access, ...])
_TEXTS: Final = json.Decoder(list[str])
_METADATA: Final = json.Decoder(dict[str, str])

_COLUMNS: Final = [column.label(f"c_{column.name}") for column in tables.credentials.c]
_SECRET_COLUMNS: Final = [
    column.label(f"s_{column.name}") for column in tables.credential_secrets.c
]

_SAVED: Final = (
    "name", "name_key", "description", "search", "access", "networks", "expires_at", "not_before",
    "disabled_at", "revoked_at", "metadata", "modified_at", "revision",
)  # fmt: skip
_INSERT: Final = (
    insert(tables.credentials)
    .values({c.name: bindparam(c.name) for c in tables.credentials.c})
    .execution_options(**_KEPT)
)
_INSERT_SECRET: Final = (
    insert(tables.credential_secrets)
    .values({c.name: bindparam(c.name) for c in tables.credential_secrets.c if c.name != "row"})
    .execution_options(**_KEPT)
)
_WITH_OWNER: Final = select(*_COLUMNS, *OWNER_COLUMNS).join(tables.owners, _O.id == _C.owner_id)
_PRESENTED: Final = (
    _WITH_OWNER.add_columns(*_SECRET_COLUMNS)
    .join(tables.credential_secrets, _S.credential_id == _C.id)
    .where(_S.digest == bindparam("wanted"), _S.pepper_n == bindparam("pepper"))
    .execution_options(**_KEPT)
)
_FIND: Final = _WITH_OWNER.where(
    _C.id == bindparam("wanted"), _C.deleted_at.is_(None)
).execution_options(**_KEPT)
_SECRETS_OF: Final = (
    select(*_SECRET_COLUMNS)
    .where(is_one_of(_S.credential_id, bindparam("ids")))
    .order_by(_S.credential_id, _S.n)
    .execution_options(**_KEPT)
)
_MANAGED: Final = (
    select(_O.id).where(_O.managed_by == bindparam("wanted")).execution_options(**_KEPT)
)
_SAVE: Final = (
    update(tables.credentials)
    .where(_C.id == bindparam("wanted"), _C.revision == bindparam("was"), _C.deleted_at.is_(None))
    .values({name: bindparam(name) for name in _SAVED})
    .execution_options(**_KEPT)
)
_RETIRE: Final = (
    update(tables.credential_secrets)
    .where(
        _S.credential_id == bindparam("wanted"),
        _S.n < bindparam("before"),
        or_(_S.retires_at.is_(None), _S.retires_at > bindparam("end")),
    )
    .values(retires_at=bindparam("end"))
    .execution_options(**_KEPT)
)
_BURY: Final = (
    update(tables.credentials)
    .where(_C.id == bindparam("wanted"), _C.deleted_at.is_(None))
    .values(deleted_at=bindparam("now"), revoked_at=func.coalesce(_C.revoked_at, bindparam("now")))
    .execution_options(**_KEPT)
)


class CredentialRows:
    """`ports.credentials.CredentialRecords` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def insert(self, credential: Credential, secret: StoredSecret) -> None:
        """See the port."""
        await self._run.changed(_INSERT, _row_of(credential))
        await self._run.changed(_INSERT_SECRET, _secret_row(credential.id, secret))

    async def find(self, credential_id: str) -> Listed | None:
        """See the port."""
        row = await self._run.row(_FIND, {"wanted": credential_id})
        if row is None:
            return None
        return (await self._listed([row]))[0]

    async def find_presented(
        self, candidates: Collection[tuple[int, bytes]], id12: str
    ) -> Known | None:
        """See the port."""
        for pepper, digest in candidates:
            row = await self._run.row(_PRESENTED, {"wanted": digest, "pepper": pepper})
            if row is not None:
                break
        else:
            return None
        credential = _credential_from(row)
        if credential.id12 != id12:
            return None
        managed = await self._run.rows(_MANAGED, {"wanted": credential.owner_id})
        return Known(
            credential, _secret_from(row), owner_from(row), frozenset(r[0] for r in managed)
        )

    async def save(self, credential: Credential, was: int) -> bool:
        """See the port."""
        row = _row_of(credential)
        values = {name: row[name] for name in _SAVED}
        return bool(await self._run.changed(_SAVE, {**values, "wanted": credential.id, "was": was}))

    async def replace_secret(
        self, credential_id: str, fresh: StoredSecret, retires_at: Instant
    ) -> None:
        """See the port."""
        values = {"wanted": credential_id, "before": fresh.n, "end": retires_at}
        await self._run.changed(_RETIRE, values)
        await self._run.changed(_INSERT_SECRET, _secret_row(credential_id, fresh))

    async def bury(self, credential_id: str, at: Instant) -> bool:
        """See the port."""
        return bool(await self._run.changed(_BURY, {"wanted": credential_id, "now": at}))

    async def page(self, query: CredentialQuery, page: PageRequest) -> Page[Listed]:
        """See the port."""
        descending = query.sort.startswith("-")
        column = query.sort.removeprefix("-")
        sort = _C.name_key if column == "name" else _C[column]
        matching = _matching(query)
        if column == "expires_at":
            statements = paged_empty_last(matching, sort, _C.id, page, descending=descending)
        else:
            statements = [paged(matching, sort, _C.id, page, descending=descending)]
        values = {} if query.visible is None else {"visible": query.visible}
        rows: list[Row] = []
        for statement in statements:
            if len(rows) <= page.size:
                rows += await self._run.rows(statement, values)
        listed = await self._listed(rows[: page.size])

        def position(row: Row) -> Position:
            return row[f"c_{sort.name}"], row["c_id"]

        return Page(tuple(listed), end_of(rows, page, position))

    async def _listed(self, rows: Iterable[Row]) -> list[Listed]:
        owners: dict[str, Owner] = {}
        found: list[tuple[Credential, Owner]] = []
        for row in rows:
            credential = _credential_from(row)
            if credential.owner_id not in owners:
                owners[credential.owner_id] = owner_from(row)
            found.append((credential, owners[credential.owner_id]))
        ids = [credential.id for credential, _ in found]
        secrets: dict[str, list[StoredSecret]] = {}
        for row in await self._run.rows(_SECRETS_OF, {"ids": ids}):
            secrets.setdefault(row["s_credential_id"], []).append(_secret_from(row))
        uses = await last_uses(self._run, ids)
        return [
            Listed(
                c, owner, tuple(secrets.get(c.id, ())), _latest(uses.get(c.id)), uses.get(c.id, {})
            )
            for c, owner in found
        ]


def _matching(query: CredentialQuery) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = [_C.deleted_at.is_(None)]
    if query.visible is not None:
        wanted.append(_is_visible(query.visible))
    if query.kind is not None:
        wanted.append(_C.kind == query.kind)
    if query.owner_id is not None:
        wanted.append(_C.owner_id == query.owner_id)
    if query.q is not None:
        wanted.append(holds_text(_C.search, query.q))
    if query.expires_before is not None:
        wanted.append(_C.expires_at < query.expires_before)
    if query.state is not None:
        wanted.append(_in_state(query.state, query.at))
    statement = _WITH_OWNER
    if query.last_used_before is not None:
        used = tables.last_use.c
        newest = (
            select(used.credential_id, func.max(used.at).label("at"))
            .group_by(used.credential_id)
            .subquery()
        )
        statement = statement.outerjoin(newest, newest.c.credential_id == _C.id)
        wanted.append(or_(newest.c.at.is_(None), newest.c.at < query.last_used_before))
    return statement.where(*wanted)


def _is_visible(owners: frozenset[str]) -> ColumnElement[bool]:
    # Most callers see only their own: equality lets the owner's index give the order too.
    if len(owners) == 1:
        return _C.owner_id == next(iter(owners))
    return is_one_of(_C.owner_id, bindparam("visible"))


def _in_state(state: str, at: Instant) -> ColumnElement[bool]:
    """Describe `lifecycle.state` to the store; a property test holds the two together."""
    on = and_(_C.revoked_at.is_(None), _C.disabled_at.is_(None))
    begun = and_(on, or_(_C.not_before.is_(None), _C.not_before <= at))
    soon = at + EXPIRING_DAYS * DAY
    match state:
        case "revoked":
            return _C.revoked_at.is_not(None)
        case "disabled":
            return and_(_C.revoked_at.is_(None), _C.disabled_at.is_not(None))
        case "not_yet_valid":
            return and_(on, _C.not_before > at)
        case "expired":
            return and_(begun, _C.expires_at <= at)
        case "expiring":
            return and_(begun, _C.expires_at > at, _C.expires_at <= soon)
        case _:
            return and_(begun, or_(_C.expires_at.is_(None), _C.expires_at > soon))


def _row_of(credential: Credential) -> dict[str, object]:
    return {
        "id": credential.id,
        "kind": credential.kind,
        "type": credential.type,
        "name": credential.name,
        "name_key": name_key(credential.name),
        "description": credential.description,
        "search": search_text(credential.name, credential.description, credential.id),
        "owner_id": credential.owner_id,
        "created_by": credential.created_by,
        "created_at": credential.created_at,
        "modified_at": credential.modified_at,
        "access": json.encode(credential.access).decode(),
        "networks": json.encode([network.text for network in credential.networks]).decode(),
        "expires_at": credential.expires_at,
        "not_before": credential.not_before,
        "disabled_at": credential.disabled_at,
        "revoked_at": credential.revoked_at,
        "deleted_at": None,
        "metadata": json.encode(dict(credential.metadata)).decode(),
        "revision": credential.revision,
    }


@lru_cache(maxsize=4096)
def _networks(texts: str) -> tuple[Network, ...]:
    # Only the typed text is kept: what it means is the grammar's to say, each time it is read.
    return tuple(parse_network(text) for text in _TEXTS.decode(texts))


def _credential_from(row: Row) -> Credential:
    return Credential(
        id=row["c_id"],
        kind=row["c_kind"],
        type=row["c_type"],
        name=row["c_name"],
        description=row["c_description"],
        owner_id=row["c_owner_id"],
        created_by=row["c_created_by"],
        created_at=row["c_created_at"],
        modified_at=row["c_modified_at"],
        access=_ACCESS.decode(row["c_access"]),
        networks=_networks(row["c_networks"]),
        expires_at=row["c_expires_at"],
        not_before=row["c_not_before"],
        disabled_at=row["c_disabled_at"],
        revoked_at=row["c_revoked_at"],
        metadata=_METADATA.decode(row["c_metadata"]),
        revision=row["c_revision"],
    )


def _secret_row(credential_id: str, secret: StoredSecret) -> dict[str, object]:
    return {
        "credential_id": credential_id,
        "n": secret.n,
        "pepper_n": secret.pepper_n,
        "digest": secret.digest,
        "created_at": secret.created_at,
        "retires_at": secret.retires_at,
    }


def _secret_from(row: Row) -> StoredSecret:
    return StoredSecret(
        n=row["s_n"],
        pepper_n=row["s_pepper_n"],
        digest=row["s_digest"],
        created_at=row["s_created_at"],
        retires_at=row["s_retires_at"],
    )


def _latest(uses: Mapping[int, LastUse] | None) -> LastUse | None:
    if not uses:
        return None
    newest = max(uses.values(), key=lambda use: use.at)
    return replace(newest, uses=sum(use.uses for use in uses.values()))
