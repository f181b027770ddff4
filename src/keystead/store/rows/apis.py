"""API catalogues and their verifiers in SQL."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import json
from sqlalchemy import bindparam, delete, exists, insert, select, update

from keystead.core.errors import Conflict
from keystead.core.names import name_key
from keystead.policy.catalogue.catalogue import API, Group
from keystead.policy.scopes import Access
from keystead.ports.apis import Holder
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from keystead.core.clock import Instant
    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Row, Runner

__all__ = ["APIRows"]

_A: Final = tables.apis.c
_V: Final = tables.api_verifiers.c
_H: Final = tables.credential_apis.c
_C: Final = tables.credentials.c
_GROUPS: Final = json.Decoder(tuple[Group, ...])
_ACCESS: Final = json.Decoder(tuple[Access, ...])

_SAVED: Final = (
    "name", "description", "owner_id", "token_format", "algorithm", "token_seconds",
    "offline_networks", "groups", "modified_at", "revision",
)  # fmt: skip
_ALL: Final = kept(select(*_A).where(_A.deleted_at.is_(None)).order_by(_A.name, _A.id))
_FIND: Final = kept(select(*_A).where(_A.id == bindparam("wanted"), _A.deleted_at.is_(None)))
_FIND_AND_HOLD: Final = _FIND.with_for_update()
_VERIFIERS_OF: Final = kept(
    select(_V.api_id, _V.owner_id).where(is_one_of(_V.api_id, bindparam("ids")))
)
_INSERT: Final = kept(insert(tables.apis).values({c.name: bindparam(c.name) for c in _A}))
_AS_IT_WAS: Final = (
    _A.id == bindparam("wanted"),
    _A.revision == bindparam("was"),
    _A.deleted_at.is_(None),
)
_SAVE: Final = kept(
    update(tables.apis).where(*_AS_IT_WAS).values({name: bindparam(name) for name in _SAVED})
)
# Whoever gives a credential access holds the API's row, so that none of them goes unseen here.
_DROP: Final = kept(
    delete(tables.apis).where(*_AS_IT_WAS, ~exists().where(_H.identifier == _A.identifier))
)
_BURY: Final = kept(update(tables.apis).where(*_AS_IT_WAS).values(deleted_at=bindparam("now")))
_ADD_VERIFIER: Final = kept(
    insert(tables.api_verifiers).values({c.name: bindparam(c.name) for c in _V})
)
_DROP_VERIFIERS: Final = kept(delete(tables.api_verifiers).where(_V.api_id == bindparam("wanted")))
_HOLDERS: Final = kept(
    select(_C.id, _C.name, _C.kind, _C.owner_id, _C.access)
    .join(tables.credentials, _C.id == _H.credential_id)
    .where(
        _H.identifier == bindparam("wanted"),
        _H.credential_id > bindparam("after"),
        _C.deleted_at.is_(None),
        _C.revoked_at.is_(None),
    )
    .order_by(_H.credential_id)
    .limit(bindparam("size"))
)


class APIRows:
    """`ports.apis.APIRecords` over SQL."""

    def __init__(self, run: Runner, generation: GenerationRows, *, holds: bool) -> None:
        """Work within one transaction; one that `holds` lets nobody else change what it has found."""
        self._run = run
        self._generation = generation
        self._find = _FIND_AND_HOLD if holds else _FIND

    async def all(self) -> Sequence[API]:
        """See the port."""
        return await self._with_verifiers(await self._run.rows(_ALL, {}))

    async def find(self, api_id: str) -> API | None:
        """See the port."""
        row = await self._run.row(self._find, {"wanted": api_id})
        return None if row is None else (await self._with_verifiers([row]))[0]

    async def insert(self, api: API) -> None:
        """See the port."""
        try:
            await self._run.changed(_INSERT, _row_of(api))
        except Conflict:
            sentence = (
                "another API has this identifier, or a deleted one had it: it is not given twice"
            )
            raise Conflict("name_taken", sentence) from None
        await self._add_verifiers(api)
        await self._generation.raise_for("apis", api.id, api.created_at)

    async def save(self, api: API, was: int) -> bool:
        """See the port."""
        row = _row_of(api)
        values = {name: row[name] for name in _SAVED}
        if not await self._run.changed(_SAVE, {**values, "wanted": api.id, "was": was}):
            return False
        await self._run.changed(_DROP_VERIFIERS, {"wanted": api.id})
        await self._add_verifiers(api)
        await self._generation.raise_for("apis", api.id, api.modified_at)
        return True

    async def bury(self, api: API, at: Instant) -> bool:
        """See the port."""
        values = {"wanted": api.id, "was": api.revision}
        if await self._run.changed(_DROP, values):
            await self._run.changed(_DROP_VERIFIERS, {"wanted": api.id})
        elif not await self._run.changed(_BURY, {**values, "now": at}):
            return False
        await self._generation.raise_for("apis", api.id, at)
        return True

    async def holders(self, identifier: str, after: str, size: int) -> Sequence[Holder]:
        """See the port."""
        values = {"wanted": identifier, "after": after, "size": size}
        rows = await self._run.rows(_HOLDERS, values)
        return [
            Holder(id_, name, kind, owner_id, _access(access))
            for id_, name, kind, owner_id, access in rows
        ]

    async def _add_verifiers(self, api: API) -> None:
        if api.verifiers:
            await self._run.each(
                _ADD_VERIFIER,
                [{"api_id": api.id, "owner_id": each} for each in sorted(api.verifiers)],
            )

    async def _with_verifiers(self, rows: Collection[Row]) -> list[API]:
        if not rows:
            return []
        found: dict[str, set[str]] = {row["id"]: set() for row in rows}
        for api_id, owner_id in await self._run.rows(_VERIFIERS_OF, {"ids": list(found)}):
            found[api_id].add(owner_id)
        return [_api_from(row, frozenset(found[row["id"]])) for row in rows]


@lru_cache(maxsize=1024)
def _access(text: str) -> tuple[Access, ...]:
    # Of an API's holders most were given the same.
    return _ACCESS.decode(text)


def _api_from(row: Row, verifiers: frozenset[str]) -> API:
    return API(
        id=row["id"],
        identifier=row["identifier"],
        name=row["name"],
        description=row["description"],
        owner_id=row["owner_id"],
        verifiers=verifiers,
        token_format=row["token_format"],
        algorithm=row["algorithm"],
        token_seconds=row["token_seconds"],
        offline_networks=row["offline_networks"],
        groups=_GROUPS.decode(row["groups"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        revision=row["revision"],
    )


def _row_of(api: API) -> dict[str, object]:
    return {
        "id": api.id,
        "identifier": api.identifier,
        "identifier_key": name_key(api.identifier),
        "name": api.name,
        "description": api.description,
        "owner_id": api.owner_id,
        "token_format": api.token_format,
        "algorithm": api.algorithm,
        "token_seconds": api.token_seconds,
        "offline_networks": api.offline_networks,
        "groups": json.encode(api.groups).decode(),
        "created_by": api.created_by,
        "created_at": api.created_at,
        "modified_at": api.modified_at,
        "deleted_at": None,
        "revision": api.revision,
    }
