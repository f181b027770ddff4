"""Signing keys in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, insert, select, update

# SQLite has taken over PostgreSQL's ON CONFLICT, and compiles this one too.
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from keystead.credentials.signing_key import SigningKey
from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant
    from keystead.crypto.jose.signing import Algorithm
    from keystead.store.rows.statement import Row, Runner

__all__ = ["SigningKeyRows"]

_K: Final = tables.signing_keys.c
_NAMES: Final = tuple(c.name for c in _K)
_LAST_FIRST: Final = (_K.signs_from.desc(), _K.kid.desc())

_ALL: Final = kept(select(tables.signing_keys).order_by(_K.algorithm, *_LAST_FIRST))
_SIGNER: Final = kept(
    select(tables.signing_keys)
    .where(_K.algorithm == bindparam("wanted"), _K.signs_from <= bindparam("now"))
    .order_by(*_LAST_FIRST)
    .limit(1)
)
_INSERT: Final = kept(
    insert(tables.signing_keys).values({name: bindparam(name) for name in _NAMES})
)
_INSERT_FIRST: Final = kept(
    insert_or_not(tables.signing_keys)
    .values({name: bindparam(name) for name in _NAMES})
    .on_conflict_do_nothing()
)
_END: Final = kept(
    update(tables.signing_keys)
    .where(_K.kid == bindparam("wanted"), _K.ends_at.is_(None))
    .values(ends_at=bindparam("end"))
)
_DESTROY: Final = kept(
    update(tables.signing_keys)
    .where(_K.ends_at <= bindparam("now"), func.length(_K.sealed) > 0)
    .values(sealed=bindparam("nothing"))
    .returning(_K.kid)
)


class SigningKeyRows:
    """`ports.signing_keys.SigningKeyRecords` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def all(self) -> Sequence[SigningKey]:
        """See the port."""
        return [_key_from(row) for row in await self._run.rows(_ALL, {})]

    async def signer(self, algorithm: Algorithm, at: Instant) -> SigningKey | None:
        """See the port."""
        row = await self._run.row(_SIGNER, {"wanted": algorithm, "now": at})
        return None if row is None else _key_from(row)

    async def insert_first(self, key: SigningKey) -> bool:
        """See the port."""
        return bool(await self._run.changed(_INSERT_FIRST, _row_of(key)))

    async def succeed(self, old: SigningKey, new: SigningKey, old_ends_at: Instant) -> bool:
        """See the port."""
        # The row's own condition lets one successor be first; a crash here leaves neither change.
        if not await self._run.changed(_END, {"wanted": old.kid, "end": old_ends_at}):
            return False
        await self._run.changed(_INSERT, _row_of(new))
        return True

    async def destroy_ended(self, at: Instant) -> Sequence[str]:
        """See the port."""
        return [row[0] for row in await self._run.rows(_DESTROY, {"now": at, "nothing": b""})]


def _row_of(key: SigningKey) -> dict[str, object]:
    return {name: getattr(key, name) for name in _NAMES}


def _key_from(row: Row) -> SigningKey:
    return SigningKey(**{name: row[name] for name in _NAMES})
