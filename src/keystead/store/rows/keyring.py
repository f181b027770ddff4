"""The keyring in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert, select, update

from keystead.crypto.keyring import WrappedKey
from keystead.ports.keyring import KeptKeys, KeyReplaced
from keystead.store.rows.sealed import SealedRows
from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant
    from keystead.crypto.keyring import MasterKey
    from keystead.crypto.used_keys import UsedKeys
    from keystead.ports.keyring import Purpose
    from keystead.store.rows.statement import Runner

__all__ = ["KeyGuard", "KeyringRows"]

_I: Final = tables.installation.c
_K: Final = tables.keyring.c

_MASTER: Final = kept(select(_I.master_key_id, _I.master_derivation))
_HOLD_MASTER: Final = kept(_MASTER.with_for_update())
_ALL: Final = kept(
    select(_K.purpose, _K.n, _K.wrapped, _K.superseded_at, _K.seals).order_by(_K.purpose, _K.n)
)
_SET_MASTER: Final = kept(
    update(tables.installation)
    .where(_I.master_key_id == bindparam("was"))
    .values(master_key_id=bindparam("key_id"), master_derivation=bindparam("derivation"))
)
_OF_KEY: Final = (_K.purpose == bindparam("of"), _K.n == bindparam("number"))
_WRAP: Final = kept(update(tables.keyring).where(*_OF_KEY).values(wrapped=bindparam("wrapped")))
_HOLD: Final = kept(select(_K.n).where(*_OF_KEY).with_for_update())
_SUPERSEDE: Final = kept(
    update(tables.keyring)
    .where(*_OF_KEY, _K.superseded_at.is_(None))
    .values(superseded_at=bindparam("now"))
)
_INSERT: Final = kept(
    insert(tables.keyring).values(
        {name: bindparam(name) for name in ("purpose", "n", "wrapped", "created_at", "seals")}
    )
)
_REMOVE: Final = kept(delete(tables.keyring).where(*_OF_KEY, _K.superseded_at.is_not(None)))
_COUNT: Final = kept(
    update(tables.keyring).where(*_OF_KEY).values(seals=_K.seals + bindparam("more"))
)
# It keeps out whoever replaces the key (`_HOLD`), and nobody else: who counts does not change what is a key.
_IN_FORCE: Final = kept(
    select(_K.n)
    .where(*_OF_KEY, _K.superseded_at.is_(None))
    .with_for_update(read=True, key_share=True)
)


class KeyringRows(SealedRows):
    """`ports.keyring.KeyringRecords` over SQL."""

    def __init__(self, run: Runner, *, holds: bool) -> None:
        """Work within one transaction; one that `holds` lets nobody else change what it has found."""
        super().__init__(run)
        self._run = run
        self._master = _HOLD_MASTER if holds else _MASTER

    async def master_key_id(self) -> str:
        """See the port."""
        row = await self._run.row(self._master, {})
        return "" if row is None else str(row[0])

    async def kept(self) -> KeptKeys:
        """See the port."""
        row = await self._run.row(_MASTER, {})
        key_id, derivation = ("", "") if row is None else (str(row[0]), str(row[1]))
        keys = [WrappedKey(*each) for each in await self._run.rows(_ALL, {})]
        return KeptKeys(key_id, keys, derivation)

    async def rewrap(self, keys: Sequence[WrappedKey], was: str, master: MasterKey) -> bool:
        """See the port."""
        values = {"was": was, "key_id": master.key_id, "derivation": master.derivation}
        if not await self._run.changed(_SET_MASTER, values):
            return False
        for key in keys:
            row = {"of": key.purpose, "number": key.n, "wrapped": key.wrapped}
            await self._run.changed(_WRAP, row)
        return True

    async def succeed(self, key: WrappedKey, at: Instant) -> bool:
        """See the port."""
        before = {"of": key.purpose, "number": key.n - 1}
        # Who uses it holds the row until his commit: the first look waits for all of them.
        await self._run.row(_HOLD, before)
        if not await self._run.changed(_SUPERSEDE, {**before, "now": at}):
            return False
        row = {"purpose": key.purpose, "n": key.n, "wrapped": key.wrapped, "seals": 0}
        await self._run.changed(_INSERT, {**row, "created_at": at})
        return True

    async def remove(self, purpose: Purpose, n: int) -> bool:
        """See the port."""
        return bool(await self._run.changed(_REMOVE, {"of": purpose, "number": n}))

    async def count(self, n: int, seals: int) -> None:
        """See the port."""
        await self._run.changed(_COUNT, {"of": "seal", "number": n, "more": seals})


class KeyGuard:
    """Refuses a transaction in which a key made something new that was replaced meanwhile.

    What it made would be sealed, or found, by a key that may be removed as soon as nothing older needs it.
    """

    def __init__(self, run: Runner, used: UsedKeys) -> None:
        """Belong to one connection, and hear of the keys of its process."""
        self._run = run
        self._used = used

    def begin(self) -> None:
        """Begin a transaction."""
        self._used.clear()

    async def close(self) -> None:
        """Look at the end whether every key that was used is in force, and keep it so until the commit.

        Raises:
            KeyReplaced: one is not.
        """
        for purpose, n in self._used.found():
            if await self._run.row(_IN_FORCE, {"of": purpose, "number": n}) is None:
                raise KeyReplaced(f"{purpose} {n} was replaced")
