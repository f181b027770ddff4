"""Sealing values anew that a replaced key has sealed, a few at a time. Row K20.

Each is opened and sealed for the same place, and put back only where the envelope is still the one that was
opened: who wrote meanwhile has sealed with a newer key already. What has been done shows in the envelopes
themselves, so a crash costs nothing. No right and no value changes, so nobody is told.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from keystead.crypto.envelope import BrokenEnvelope
from keystead.crypto.jose.signing import place_of_signing_key
from keystead.gate.acts.once import place_of_answer
from keystead.operations.vault.sealing import place_of_version

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from keystead.crypto.envelope import Place
    from keystead.crypto.keyring import Keyring
    from keystead.ports.keyring import SealedRow, SealedTable
    from keystead.ports.store import Store, Tx

__all__ = ["PLACES", "Resealing", "is_sealed_by"]

T = TypeVar("T")

_LOG: Final = logging.getLogger("keystead.keys")

_ROWS: Final = 20
"""Of one act: every act that comes meanwhile waits until their pages are on disk."""

PLACES: Final[Mapping[SealedTable, Callable[..., Place]]] = {
    "account_versions": place_of_version,
    "signing_keys": place_of_signing_key,
    "kept_answers": place_of_answer,
}
"""What a value of each table is bound to."""


@dataclass(slots=True)
class Resealing:
    """One walk through everything that replaced keys have sealed.

    Attributes:
        sealed: how many values were sealed anew.
        broken: how many do not open; they are left, and so is their key.
    """

    store: Store
    keyring: Keyring
    sealed: int = 0
    broken: int = 0

    async def run(self, tell: Callable[[int], None] = lambda _: None) -> None:
        """Seal anew whatever there is, and tell how many values it has been so far.

        Raises:
            Unavailable: the store takes nothing; the next walk goes on there.
        """
        for n in [n for purpose, n in self.keyring.superseded if purpose == "seal"]:
            for table in PLACES:
                await self._table(table, n, tell)
        if self.broken:
            _LOG.error("%d sealed values do not open; their key is kept", self.broken)

    async def _table(self, table: SealedTable, n: int, tell: Callable[[int], None]) -> None:
        after: tuple[str | int, ...] | None = None
        now = asyncio.get_running_loop().time
        while True:
            rows = await _rows(self.store.browse, table, n, after)
            if not rows:
                return
            after = rows[-1].key
            begun = now()
            await self._batch(table, rows)
            tell(self.sealed)
            # The disk is others' for as long as it was ours.
            await asyncio.sleep(now() - begun)

    async def _batch(self, table: SealedTable, rows: Sequence[SealedRow]) -> None:
        opened: list[tuple[SealedRow, Place, bytes]] = []
        for row in rows:
            place = PLACES[table](*row.place)
            try:
                opened.append((row, place, self.keyring.sealer.open(place, row.sealed)))
            except BrokenEnvelope:
                self.broken += 1

        async def put(tx: Tx) -> int:
            done = 0
            for row, place, value in opened:
                # Sealed within the act, so that it is refused if this key is replaced as well.
                anew = self.keyring.sealer.seal(place, value)
                done += await tx.keyring.seal_anew(table, row, anew)
            return done

        if opened:
            self.sealed += await self.store.act(put)


async def is_sealed_by(
    read: Callable[[Callable[[Tx], Awaitable[Any]]], Awaitable[Any]], n: int
) -> bool:
    """Say whether anything is sealed by a key; by one that was replaced, nothing comes to be any more."""
    for table in PLACES:
        if await _rows(read, table, n, None, 1):
            return True
    return False


async def _rows(
    read: Callable[[Callable[[Tx], Awaitable[Any]]], Awaitable[Any]],
    table: SealedTable,
    n: int,
    after: tuple[str | int, ...] | None,
    most: int = _ROWS,
) -> Sequence[SealedRow]:
    found: Sequence[SealedRow] = await read(lambda tx: tx.keyring.sealed_by(table, n, after, most))
    return found
