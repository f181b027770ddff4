"""How many connections one address has, so that nobody takes all that a process has room for."""

from __future__ import annotations

import logging
import time
from ipaddress import IPv6Address, ip_address
from typing import Final

__all__ = ["Crowd"]

_LOG: Final = logging.getLogger("keystead.front")
_SILENT_SECONDS: Final = 60.0
_PREFIX: Final = 64
"""Bits of an IPv6 address that say whose it is; of the rest each household has as many as it likes."""


class Crowd:
    """The connections of one process, in all and by the addresses of their clients.

    Those of this machine are counted by no address: a proxy in front has everybody's.
    """

    def __init__(self) -> None:
        """Nobody is there yet."""
        self._all = 0
        self._counts: dict[str, int] = {}
        self._told: dict[str, float] = {}

    def enter(self, address: str | None, most: int, most_of_address: int) -> str:
        """Count one more; return the place that it is to leave.

        Raises:
            OverflowError: it would be one too many; it is not counted.
        """
        if self._all >= most:
            self.tell("all", f"a process has {most} connections, and takes no more")
            raise OverflowError
        key = _key_of(address)
        if key:
            count = self._counts.get(key, 0)
            if count >= most_of_address:
                text = f"{key} has {most_of_address} connections to a process, and gets no more"
                self.tell("address", text)
                raise OverflowError
            self._counts[key] = count + 1
        self._all += 1
        return key

    def leave(self, place: str) -> None:
        """Count one less."""
        self._all -= 1
        if place:
            self._counts[place] -= 1
            if not self._counts[place]:
                del self._counts[place]

    def tell(self, bound: str, text: str) -> None:
        """Say that a bound was reached, once a minute each."""
        now = time.monotonic()
        if now >= self._told.get(bound, 0.0):
            self._told[bound] = now + _SILENT_SECONDS
            _LOG.warning("%s", text)


def _key_of(address: str | None) -> str:
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            above = int(found) >> (128 - _PREFIX) << (128 - _PREFIX)
            return "" if found.is_loopback else f"{IPv6Address(above)}/{_PREFIX}"
        found = found.ipv4_mapped
    return "" if found.is_loopback else str(found)
