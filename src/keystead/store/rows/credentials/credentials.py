"""Credentials and their secrets in SQL."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import json
from sqlalchemy import bindparam, func, insert, literal, or_, select, update

from keystead.core.names import name_key
from keystead.credentials.record import Credential, LastUse, StoredSecret
from keystead.policy.networks import Network, parse_network
from keystead.policy.scopes import Access
from keystead.ports.credentials import Known, Listed, signing_digest
from keystead.ports.paging import Page
from keystead.store.rows.credentials.former import FormerRows
from keystead.store.rows.credentials.holding import note_apis
from keystead.store.rows.credentials.usage import last_uses
from keystead.store.rows.credentials.uses import use_once
from keystead.store.rows.lists.counts import credential_counts
from keystead.store.rows.lists.credentials import LIVING, credential_places
from keystead.store.rows.owners.owners import OWNER_COLUMNS, owner_from
from keystead.store.rows.paging import search_text
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from keystead.core.clock import Instant
    from keystead.owners.owner import Owner
    from keystead.ports.credentials import CredentialQuery, KindCount
    from keystead.ports.paging import PageRequest
    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Row, Runner

__all__ = ["LEAN_COLUMNS", "CredentialRows", "credential_from"]

_C: Final = tables.credentials.c
_S: Final = tables.credential_secrets.c
_O: Final = tables.owners.c

_ACCESS: Final = json.Decoder(tuple[Access, ...])
_TEXTS: Final = json.Decoder(list[str])
_METADATA: Final = json.Decoder(dict[str, str])

# Read by place: by name, a page of rows takes a millisecond longer.
_COLUMNS: Final = (
    _C.id, _C.kind, _C.type, _C.name, _C.description, _C.owner_id, _C.created_by, _C.created_at,
    _C.modified_at, _C.access, _C.networks, _C.expires_at, _C.not_before, _C.disabled_at,
    _C.revoked_at, _C.metadata, _C.revision, _C.public_jwks, _C.legacy_audience,
    _C.last_refreshed_at, _C.former_id, _C.former_ends_at, _C.max_uses, _C.uses,
    _C.disabled_from_above,
)  # fmt: skip
_WIDTH: Final = len(_COLUMNS)
_SECRET_COLUMNS: Final = (
    _S.n, _S.pepper_n, _S.digest, _S.created_at, _S.retires_at, _S.ends_older,
    _S.binding,
)  # fmt: skip

_SAVED: Final = (
    "name", "name_key", "description", "search", "access", "networks", "expires_at", "not_before",
    "disabled_at", "revoked_at", "metadata", "modified_at", "revision", "public_jwks",
    "legacy_audience", "former_ends_at", "max_uses", "uses", "disabled_from_above",
)  # fmt: skip
_INSERT: Final = kept(
    insert(tables.credentials).values({c.name: bindparam(c.name) for c in tables.credentials.c})
)
_INSERT_SECRET: Final = kept(
    insert(tables.credential_secrets).values(
        {c.name: bindparam(c.name) for c in tables.credential_secrets.c if c.name != "row"}
    )
)
_WITH_OWNER: Final = select(*_COLUMNS, *OWNER_COLUMNS).join(tables.owners, _O.id == _C.owner_id)
# What is remembered of a presented credential is bounded: its owner could make it large otherwise.
_LEFT_OUT: Final = {"description": literal(""), "metadata": literal("{}")}
LEAN_COLUMNS: Final = [_LEFT_OUT.get(column.name, column) for column in _COLUMNS]
_PRESENTED: Final = kept(
    select(*LEAN_COLUMNS, *_SECRET_COLUMNS, *OWNER_COLUMNS)
    .select_from(tables.credentials)
    .join(tables.owners, _O.id == _C.owner_id)
    .join(tables.credential_secrets, _S.credential_id == _C.id)
    .where(_S.digest == bindparam("wanted"), _S.pepper_n == bindparam("pepper"))
)
_FIND: Final = kept(_WITH_OWNER.where(_C.id == bindparam("wanted"), LIVING))
_SUCCESSOR: Final = kept(_WITH_OWNER.where(_C.former_id == bindparam("wanted"), LIVING))
_SIGNING: Final = kept(
    select(*LEAN_COLUMNS, *OWNER_COLUMNS)
    .select_from(tables.credentials)
    .join(tables.owners, _O.id == _C.owner_id)
    .where(_C.id == bindparam("wanted"), _C.public_jwks.is_not(None))
)
_METADATA_OF: Final = kept(select(_C.metadata).where(_C.id == bindparam("wanted")))
_FIND_AND_HOLD: Final = _FIND.with_for_update(of=tables.credentials)
_SUCCEED_AND_HOLD: Final = _SUCCESSOR.with_for_update(of=tables.credentials)
_FIND_ALL: Final = kept(_WITH_OWNER.where(is_one_of(_C.id, bindparam("ids"))))
_SECRETS_OF: Final = kept(
    select(_S.credential_id, *_SECRET_COLUMNS)
    .where(is_one_of(_S.credential_id, bindparam("ids")))
    .order_by(_S.credential_id, _S.n)
)
_SAVE: Final = kept(
    update(tables.credentials)
    .where(_C.id == bindparam("wanted"), _C.revision == bindparam("was"), _C.deleted_at.is_(None))
    .values({name: bindparam(name) for name in _SAVED})
)
_RETIRE: Final = kept(
    update(tables.credential_secrets)
    .where(
        _S.credential_id == bindparam("wanted"),
        _S.n <= bindparam("through"),
        or_(_S.retires_at.is_(None), _S.retires_at > bindparam("end")),
    )
    .values(retires_at=bindparam("end"))
)
_FIRST_USE: Final = kept(
    update(tables.credential_secrets)
    .where(_S.credential_id == bindparam("wanted"), _S.n == bindparam("number"), _S.ends_older == 1)
    .values(ends_older=0)
)
_BURY: Final = kept(
    update(tables.credentials)
    .where(_C.id == bindparam("wanted"), _C.deleted_at.is_(None))
    .values(deleted_at=bindparam("now"), revoked_at=func.coalesce(_C.revoked_at, bindparam("now")))
    .returning(_C.former_id)
)


class CredentialRows:
    """`ports.credentials.CredentialRecords` over SQL."""

    def __init__(self, run: Runner, generation: GenerationRows, *, holds: bool) -> None:
        """Work within one transaction; one that `holds` lets nobody else change what it has found."""
        self._run = run
        self._generation = generation
        self._former = FormerRows(run, generation)
        self._find = _FIND_AND_HOLD if holds else _FIND
        self._successor = _SUCCEED_AND_HOLD if holds else _SUCCESSOR

    async def insert(self, credential: Credential, secret: StoredSecret | None) -> None:
        """See the port."""
        row = _row_of(credential)
        await self._run.changed(_INSERT, row)
        if secret is not None:
            await self._run.changed(_INSERT_SECRET, _secret_row(credential.id, secret))
        await note_apis(self._run, credential)
        await self._former.follow(credential, row)

    async def find(self, credential_id: str) -> Listed | None:
        """See the port."""
        row = await self._run.row(self._find, {"wanted": credential_id})
        if row is None:
            return None
        return (await self._listed([row]))[0]

    async def find_successor(self, former_id: str) -> Listed | None:
        """See the port."""
        row = await self._run.row(self._successor, {"wanted": former_id})
        return None if row is None else (await self._listed([row]))[0]

    async def find_successor_id(self, former_id: str) -> str | None:
        """See the port."""
        return await self._former.successor_of(former_id)

    async def find_presented(
        self, candidates: Collection[tuple[int, bytes]], id12: str | None
    ) -> Known | None:
        """See the port."""
        for pepper, digest in candidates:
            row = await self._run.row(_PRESENTED, {"wanted": digest, "pepper": pepper})
            if row is not None:
                break
        else:
            return None
        credential = credential_from(row)
        secret = _secret_from(row[_WIDTH : _WIDTH + len(_SECRET_COLUMNS)])
        if id12 != (None if secret.is_legacy else credential.id12):
            return None
        return Known(credential, secret, owner_from(row))

    async def find_signing(self, id12: str) -> Known | None:
        """See the port."""
        row = await self._run.row(_SIGNING, {"wanted": f"cred_{id12}"})
        if row is None:
            return None
        credential = credential_from(row)
        secret = StoredSecret(0, 0, signing_digest(id12), credential.created_at)
        return Known(credential, secret, owner_from(row))

    async def metadata(self, credential_id: str) -> Mapping[str, str]:
        """See the port."""
        row = await self._run.row(_METADATA_OF, {"wanted": credential_id})
        return {} if row is None else _METADATA.decode(row[0])

    async def save(self, credential: Credential, was: int) -> bool:
        """See the port."""
        row = _row_of(credential)
        values = {name: row[name] for name in _SAVED}
        values |= {"wanted": credential.id, "was": was}
        if not await self._run.changed(_SAVE, values):
            return False
        await note_apis(self._run, credential)
        await self._generation.raise_for("credential", credential.id, credential.modified_at)
        await self._former.follow(credential, row)
        return True

    async def insert_secret(self, credential_id: str, secret: StoredSecret) -> None:
        """See the port."""
        await self._run.changed(_INSERT_SECRET, _secret_row(credential_id, secret))

    async def retire_secrets(self, credential_id: str, through: int, at: Instant) -> None:
        """See the port."""
        values = {"wanted": credential_id, "through": through, "end": at}
        await self._run.changed(_RETIRE, values)

    async def end_older(self, credential_id: str, n: int, at: Instant) -> bool:
        """See the port."""
        await self._former.end_before(credential_id, n, at)
        if not await self._run.changed(_FIRST_USE, {"wanted": credential_id, "number": n}):
            return False
        await self.retire_secrets(credential_id, n - 1, at)
        await self._generation.raise_for("credential", credential_id, at)
        return True

    async def use(self, credential_id: str, at: Instant) -> bool:
        """See the port."""
        return await use_once(self._run, self._generation, credential_id, at)

    async def bury(self, credential_id: str, at: Instant) -> bool:
        """See the port."""
        row = await self._run.row(_BURY, {"wanted": credential_id, "now": at})
        if row is None:
            return False
        if row[0] is not None:
            await self._former.revoke(row[0], at)
        await self._generation.raise_for("credential", credential_id, at)
        return True

    async def set_aside(self, credential_id: str, at: Instant) -> bool:
        """See the port."""
        return await self._former.set_aside(credential_id, at)

    async def page(self, query: CredentialQuery, page: PageRequest) -> Page[Listed]:
        """See the port."""
        places, after = await credential_places(self._run, query, page)
        ids = [place[1] for place in places]
        rows = await self._run.rows(_FIND_ALL, {"ids": ids}) if ids else []
        by_id = {row[0]: row for row in rows}
        return Page(tuple(await self._listed([by_id[id_] for id_ in ids])), after)

    async def counts(self, query: CredentialQuery) -> Sequence[KindCount]:
        """See the port."""
        return await credential_counts(self._run, query)

    async def _listed(self, rows: Collection[Row]) -> list[Listed]:
        if not rows:
            return []
        owners: dict[str, Owner] = {}
        found: list[tuple[Credential, Owner]] = []
        for row in rows:
            credential = credential_from(row)
            owner = owners.get(credential.owner_id)
            if owner is None:
                owner = owners[credential.owner_id] = owner_from(row)
            found.append((credential, owner))
        ids = [credential.id for credential, _ in found]
        secrets: dict[str, list[StoredSecret]] = {}
        for row in await self._run.rows(_SECRETS_OF, {"ids": ids}):
            secrets.setdefault(row[0], []).append(_secret_from(row[1:]))
        formers = [c.former_id for c, _ in found if c.former_id is not None]
        uses = await last_uses(self._run, [*ids, *formers])
        return [
            Listed(
                c,
                owner,
                tuple(secrets.get(c.id, ())),
                *_latest(uses.get(c.id)),
                _latest(uses.get(c.former_id or ""))[0],
            )
            for c, owner in found
        ]


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
        "public_jwks": credential.public_jwks,
        "legacy_audience": credential.legacy_audience,
        "last_refreshed_at": credential.last_refreshed_at,
        "former_id": credential.former_id,
        "former_ends_at": credential.former_ends_at,
        "max_uses": credential.max_uses,
        "uses": credential.uses,
        "disabled_from_above": int(credential.disabled_from_above),
    }


@lru_cache(maxsize=4096)
def _networks(texts: str) -> tuple[Network, ...]:
    # Only the typed text is kept: what it means is the grammar's to say, each time it is read.
    return tuple(parse_network(text) for text in _TEXTS.decode(texts))


@lru_cache(maxsize=1024)
def _access(text: str) -> tuple[Access, ...]:
    return _ACCESS.decode(text)


def credential_from(row: Row) -> Credential:
    """Return the credential whose columns stand first in a row."""
    (
        id_, kind, type_, name, description, owner_id, created_by, created_at,
        modified_at, access, networks, expires_at, not_before, disabled_at,
        revoked_at, metadata, revision, public_jwks, legacy_audience,
        last_refreshed_at, former_id, former_ends_at, max_uses, uses,
        disabled_from_above,
    ) = row[:_WIDTH]  # fmt: skip
    return Credential(
        id=id_,
        kind=kind,
        type=type_,
        name=name,
        description=description,
        owner_id=owner_id,
        created_by=created_by,
        created_at=created_at,
        modified_at=modified_at,
        access=_access(access),
        networks=_networks(networks),
        expires_at=expires_at,
        not_before=not_before,
        disabled_at=disabled_at,
        revoked_at=revoked_at,
        metadata=_METADATA.decode(metadata),
        revision=revision,
        public_jwks=public_jwks,
        legacy_audience=legacy_audience,
        last_refreshed_at=last_refreshed_at,
        former_id=former_id,
        former_ends_at=former_ends_at,
        max_uses=max_uses,
        uses=uses,
        disabled_from_above=bool(disabled_from_above),
    )


def _secret_from(columns: Row) -> StoredSecret:
    n, pepper_n, digest, created_at, retires_at, ends_older, binding = columns
    return StoredSecret(n, pepper_n, digest, created_at, retires_at, bool(ends_older), binding)


def _secret_row(credential_id: str, secret: StoredSecret) -> dict[str, object]:
    return {
        "credential_id": credential_id,
        "n": secret.n,
        "pepper_n": secret.pepper_n,
        "digest": secret.digest,
        "created_at": secret.created_at,
        "retires_at": secret.retires_at,
        "ends_older": int(secret.ends_older),
        "binding": secret.binding,
    }


def _latest(
    uses: Mapping[int, LastUse] | None,
) -> tuple[LastUse | None, Mapping[int, LastUse]]:
    """Return the last use of all and how often there was one, and each secret's."""
    if not uses:
        return None, {}
    newest = max(uses.values(), key=lambda use: use.at)
    if len(uses) > 1:
        newest = replace(newest, uses=sum(use.uses for use in uses.values()))
    return newest, uses
