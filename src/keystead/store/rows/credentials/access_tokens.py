"""Access tokens, and the assertions that they were asked for with, in SQL."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import json
from sqlalchemy import Integer, bindparam, delete, func, insert, select, tuple_, update

# SQLite has taken over PostgreSQL's ON CONFLICT, and compiles this one too.
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from keystead.core.clock import Instant
from keystead.credentials.access_token import AccessToken, Grants, as_credential
from keystead.credentials.record import StoredSecret
from keystead.ports.credentials import Known
from keystead.store.rows.credentials.credentials import LEAN_COLUMNS, credential_from
from keystead.store.rows.owners.owners import OWNER_COLUMNS, owner_from
from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Row, Runner

__all__ = ["AccessTokenRows", "AssertionRows"]

_T: Final = tables.access_tokens.c
_S: Final = tables.spent_assertions.c
_C: Final = tables.credentials.c
_O: Final = tables.owners.c
_GRANTS: Final = json.Decoder(dict[str, tuple[str, ...]])

_NAMES: Final = (
    "id", "parent_id", "secret_n", "n", "grants", "pepper_n", "digest", "created_at", "expires_at",
    "revoked_at",
)  # fmt: skip
_COLUMNS: Final = [_T[name].label(f"t_{name}") for name in _NAMES]
# Of the index of those that were not ended, which alone are numbered on from.
_LIVING_OF: Final = (_T.parent_id == bindparam("parent_id"), _T.revoked_at.is_(None))
_NEWEST: Final = select(_T.n).where(*_LIVING_OF).order_by(_T.n.desc())
_INSERT: Final = kept(
    insert(tables.access_tokens)
    .from_select(
        _NAMES,
        select(
            *(
                func.coalesce(_NEWEST.limit(1).scalar_subquery(), 0) + 1
                if name == "n"
                else bindparam(name, type_=_T[name].type)
                for name in _NAMES
            )
        ),
    )
    .returning(_T.n)
)
_PRESENTED: Final = kept(
    select(*LEAN_COLUMNS, *_COLUMNS, *OWNER_COLUMNS)
    .select_from(tables.access_tokens)
    .join(tables.credentials, _C.id == _T.parent_id)
    .join(tables.owners, _O.id == _C.owner_id)
    .where(_T.digest == bindparam("wanted"), _T.pepper_n == bindparam("pepper"))
)
_END: Final = (
    update(tables.access_tokens).where(_T.revoked_at.is_(None)).values(revoked_at=bindparam("now"))
)
_REVOKE: Final = kept(_END.where(_T.id == bindparam("wanted"), _T.digest == bindparam("digest")))
_OF_PARENT: Final = _END.where(
    _T.parent_id == bindparam("wanted"), _T.expires_at > bindparam("now")
)
_OLDEST_BEYOND: Final = (
    select(_T.n)
    .where(
        _T.parent_id == bindparam("wanted"),
        _T.revoked_at.is_(None),
        _T.expires_at > bindparam("now"),
    )
    .order_by(_T.n.desc())
    .limit(1)
    .offset(bindparam("most", type_=Integer))
)
_END_BEYOND: Final = kept(
    _OF_PARENT.where(_T.n <= _OLDEST_BEYOND.scalar_subquery()).returning(_T.id)
)
# Each id numbers its own; which of both was first is told by their rows.
_OF_TWO: Final = (
    _T.parent_id.in_((bindparam("wanted"), bindparam("former"))),
    _T.revoked_at.is_(None),
    _T.expires_at > bindparam("now"),
)
_OLDEST_OF_TWO: Final = (
    select(_T.row)
    .where(*_OF_TWO)
    .order_by(_T.row.desc())
    .limit(1)
    .offset(bindparam("most", type_=Integer))
)
_END_OF_TWO: Final = kept(
    _END.where(*_OF_TWO[::2], _T.row <= _OLDEST_OF_TWO.scalar_subquery()).returning(_T.id)
)
_END_OF_SECRET: Final = kept(_OF_PARENT.where(_T.secret_n <= bindparam("last")).returning(_T.id))
_ENDED: Final = (
    select(_T.row)
    .where(_T.expires_at <= bindparam("now"))
    .order_by(_T.expires_at)
    .limit(bindparam("size"))
    # Each node deletes what no other one is deleting.
    .with_for_update(skip_locked=True)
)
_FORGET: Final = kept(delete(tables.access_tokens).where(_T.row.in_(_ENDED)))

_NOTE: Final = insert_or_update(tables.spent_assertions).values(
    {c.name: bindparam(c.name) for c in _S}
)
# What has ended is forgotten, whether it has been deleted yet or not.
_SPEND: Final = kept(
    _NOTE.on_conflict_do_update(
        index_elements=[_S.credential_id, _S.digest],
        set_={"expires_at": _NOTE.excluded.expires_at},
        where=_S.expires_at <= bindparam("now"),
    )
)
_OVER: Final = (
    select(_S.credential_id, _S.digest)
    .where(_S.expires_at <= bindparam("now"))
    .order_by(_S.expires_at)
    .limit(bindparam("size"))
    .with_for_update(skip_locked=True)
)
_FORGET_SPENT: Final = kept(
    delete(tables.spent_assertions).where(tuple_(_S.credential_id, _S.digest).in_(_OVER))
)


class AccessTokenRows:
    """`ports.access_tokens.AccessTokenRecords` over SQL."""

    def __init__(self, run: Runner, generation: GenerationRows) -> None:
        """Work within one transaction."""
        self._run = run
        self._generation = generation

    async def insert(self, token: AccessToken) -> int:
        """See the port."""
        values = {name: getattr(token, name) for name in _NAMES if name != "n"}
        values["grants"] = json.encode(dict(token.grants)).decode()
        row = await self._run.row(_INSERT, values)
        if row is None:
            msg = "an insertion returned no number"
            raise RuntimeError(msg)
        return int(row[0])

    async def find_presented(self, candidates: Collection[tuple[int, bytes]]) -> Known | None:
        """See the port."""
        for pepper, digest in candidates:
            row = await self._run.row(_PRESENTED, {"wanted": digest, "pepper": pepper})
            if row is not None:
                break
        else:
            return None
        token = _token_from(row)
        parent = credential_from(row)
        secret = StoredSecret(1, token.pepper_n, token.digest, token.created_at)
        made = as_credential(token, parent)
        return Known(made, secret, owner_from(row), minted=token, parent=parent)

    async def revoke(self, token: AccessToken, at: Instant) -> bool:
        """See the port."""
        values = {"wanted": token.id, "digest": token.digest, "now": at}
        if not await self._run.changed(_REVOKE, values):
            return False
        await self._generation.raise_for("credential", token.id, at)
        return True

    async def end_beyond(self, parent_ids: tuple[str, ...], most: int, at: Instant) -> int:
        """See the port."""
        wanted, *former = parent_ids
        values: dict[str, object] = {"wanted": wanted, "most": most, "now": at}
        if former:
            ended = await self._run.rows(_END_OF_TWO, {**values, "former": former[0]})
        else:
            ended = await self._run.rows(_END_BEYOND, values)
        return await self._tell(parent_ids, ended, at)

    async def end_of_secret(self, parent_id: str, secret_n: int, at: Instant) -> int:
        """See the port."""
        values = {"wanted": parent_id, "last": secret_n, "now": at}
        return await self._tell((parent_id,), await self._run.rows(_END_OF_SECRET, values), at)

    async def forget(self, at: Instant, size: int) -> int:
        """See the port."""
        return await self._run.changed(_FORGET, {"now": at, "size": size})

    async def _tell(self, parent_ids: tuple[str, ...], ended: Collection[Row], at: Instant) -> int:
        # One is named by itself; of many it is enough to name their parent, by whom all are dropped.
        if len(ended) == 1:
            await self._generation.raise_for("credential", next(iter(ended))[0], at)
        elif ended:
            for parent_id in parent_ids:
                await self._generation.raise_for("credential", parent_id, at)
        return len(ended)


class AssertionRows:
    """`ports.access_tokens.AssertionRecords` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def spend(self, client_id: str, digest: bytes, at: Instant, expires_at: Instant) -> bool:
        """See the port."""
        values = {"credential_id": client_id, "digest": digest, "expires_at": expires_at, "now": at}
        return bool(await self._run.changed(_SPEND, values))

    async def forget(self, at: Instant, size: int) -> int:
        """See the port."""
        return await self._run.changed(_FORGET_SPENT, {"now": at, "size": size})


@lru_cache(maxsize=1024)
def _grants(text: str) -> Grants:
    return _GRANTS.decode(text)


def _token_from(row: Row) -> AccessToken:
    return AccessToken(
        id=row["t_id"],
        parent_id=row["t_parent_id"],
        secret_n=row["t_secret_n"],
        n=row["t_n"],
        grants=_grants(row["t_grants"]),
        pepper_n=row["t_pepper_n"],
        digest=row["t_digest"],
        created_at=row["t_created_at"],
        expires_at=row["t_expires_at"],
        revoked_at=row["t_revoked_at"],
    )
