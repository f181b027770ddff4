"""Sealed values of every table in SQL, by the key that has sealed them; and what is digested by a pepper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BindParameter,
    LargeBinary,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    tuple_,
    update,
)

from keystead.crypto.envelope import head_of
from keystead.ports.keyring import SealedRow
from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, Select, Table, Update

    from keystead.core.clock import Instant
    from keystead.ports.keyring import SealedTable
    from keystead.store.rows.statement import Runner

__all__ = ["SEALED", "SealedRows"]

_S: Final = tables.credential_secrets.c
_C: Final = tables.credentials.c
_T: Final = tables.access_tokens.c


class _Sealed:
    """The statements about one table.

    The head of an envelope says which key has sealed it, so a table is read through once, and no index need
    be kept for what is done once in years.
    """

    def __init__(self, table: Table, *place: Column[Any]) -> None:
        """Know what a value is bound to besides its table and column; else it is the row's key."""
        keys = list(table.primary_key)
        sealed = table.c.sealed
        marked = func.substr(sealed, 1, len(head_of(1))) == bindparam("head", type_=LargeBinary)
        found = select(*keys, *(place or keys), sealed).where(marked).order_by(*keys)
        behind = [bindparam(f"after_{i}", type_=c.type) for i, c in enumerate(keys)]
        most: BindParameter[int] = bindparam("most")
        self.width = len(keys)
        self.first: Select[Any] = kept(found.limit(most))
        self.next: Select[Any] = kept(found.where(tuple_(*keys) > tuple_(*behind)).limit(most))
        here = [c == bindparam(f"key_{i}", type_=c.type) for i, c in enumerate(keys)]
        self.put: Update = kept(
            update(table)
            .where(*here, sealed == bindparam("was", type_=LargeBinary))
            .values(sealed=bindparam("anew"))
        )


SEALED: Final[Mapping[SealedTable, _Sealed]] = {
    "account_versions": _Sealed(tables.account_versions),
    "signing_keys": _Sealed(tables.signing_keys),
    "kept_answers": _Sealed(
        tables.kept_answers, *tables.kept_answers.primary_key, tables.kept_answers.c.expires_at
    ),
}
"""Every table that holds sealed values; a test compares it with the schema."""

# Expired is not ended: a rotation brings a credential back, and with it what has not retired.
_SECRETS: Final = kept(
    select(_S.row)
    .where(
        _S.pepper_n == bindparam("pepper"),
        (_S.retires_at.is_(None)) | (_S.retires_at > bindparam("now")),
        exists(literal_column("1")).where(
            # One that is deleted is revoked as well; a former id is out of the lists alone.
            and_(_C.id == _S.credential_id, _C.revoked_at.is_(None))
        ),
    )
    .limit(1)
)
_TOKENS: Final = kept(
    select(_T.row)
    .where(
        _T.pepper_n == bindparam("pepper"),
        _T.expires_at > bindparam("now"),
        _T.revoked_at.is_(None),
    )
    .limit(1)
)


class SealedRows:
    """The part of `ports.keyring.KeyringRecords` that is about what keys have made."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def sealed_by(
        self, table: SealedTable, n: int, after: tuple[str | int, ...] | None, most: int
    ) -> Sequence[SealedRow]:
        """See the port."""
        asked = SEALED[table]
        values: dict[str, object] = {"head": head_of(n), "most": most}
        values |= {f"after_{i}": value for i, value in enumerate(after or ())}
        rows = await self._run.rows(asked.first if after is None else asked.next, values)
        width = asked.width
        return [
            SealedRow(tuple(row)[:width], tuple(row)[width:-1], bytes(row[len(tuple(row)) - 1]))
            for row in rows
        ]

    async def seal_anew(self, table: SealedTable, row: SealedRow, sealed: bytes) -> bool:
        """See the port."""
        values: dict[str, object] = {"was": row.sealed, "anew": sealed}
        values |= {f"key_{i}": value for i, value in enumerate(row.key)}
        return bool(await self._run.changed(SEALED[table].put, values))

    async def finds_any(self, pepper: int, at: Instant) -> bool:
        """See the port."""
        for asked in (_SECRETS, _TOKENS):
            if await self._run.row(asked, {"pepper": pepper, "now": at}) is not None:
                return True
        return False
