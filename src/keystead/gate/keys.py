"""One process's keyring, and how it stays true while keys come and go (Law 3)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from keystead.core.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable

    from keystead.crypto.keyring import Keyring, MasterKey
    from keystead.ports.keyring import KeptKeys
    from keystead.ports.store import Store, Tx

__all__ = ["Keys"]

_LOG: Final = logging.getLogger("keystead.keys")


class Keys:
    """A keyring that can be read anew.

    Attributes:
        keyring: opened; it stays the same object.
    """

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        master: MasterKey,
        find: Callable[[KeptKeys], MasterKey],
    ) -> None:
        """Hold an opened keyring.

        Args:
            store: where the wrapped keys are.
            keyring: as it was opened; whoever has it goes on with what is learnt.
            master: the master key that opened it.
            find: returns the master key in force where that is another one; it may be slow.
        """
        self._store = store
        self.keyring = keyring
        self._master = master
        self._find = find

    async def learn(self) -> None:
        """Read the keyring anew, and go on with the old one where that cannot be opened.

        Raises:
            Unavailable: the store does not answer.
        """
        kept = await self._store.read(_kept)
        try:
            if self._master.key_id != kept.key_id:
                self._master = await asyncio.to_thread(self._find, kept)
            self.keyring.learn(kept.keys, self._master, kept.key_id)
        except Misconfigured as error:
            # It still opens what it could open; what is new is refused until this is mended.
            _LOG.error("the keyring cannot be read anew: %s Then start this server again.", error)

    async def count(self) -> None:
        """Add to the keyring how much this process has sealed.

        Raises:
            Unavailable: the store takes nothing.
        """
        uncounted = self.keyring.sealer.take_uncounted()
        if not uncounted:
            return

        async def add(tx: Tx) -> None:
            for n, seals in uncounted.items():
                await tx.keyring.count(n, seals)

        try:
            await self._store.act(add)
        except BaseException:
            self.keyring.sealer.give_back(uncounted)
            raise


async def _kept(tx: Tx) -> KeptKeys:
    return await tx.keyring.kept()
