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
    """The connections of one process by the addresses of their clients.

    Those of this machine are not counted: a proxy in front has everybody's.
    """

    def __init__(self) -> None:
        """Nobody is there yet."""
        self._counts: dict[str, int] = {}
        self._told: dict[str, float] = {}

    def enter(self, address: str | None, most: int) -> str | None:
        """Count one more of an address; return what it is counted by, None where it is not.

        Raises:
            OverflowError: it would be one too many; it is not counted.
        """
        key = _key_of(address)
        if key is None:
            return None
        count = self._counts.get(key, 0)
        if count >= most:
            self.tell("address", f"{key} has {most} connections to a process, and gets no more")
            raise OverflowError
        self._counts[key] = count + 1
        return key

    def leave(self, key: str | None) -> None:
        """Count one less."""
        if key is None:
            return
        self._counts[key] -= 1
        if not self._counts[key]:
            del self._counts[key]

    def tell(self, bound: str, text: str) -> None:
        """Say that a bound was reached, once a minute each."""
        now = time.monotonic()
        if now >= self._told.get(bound, 0.0):
            self._told[bound] = now + _SILENT_SECONDS
            _LOG.warning("%s", text)


def _key_of(address: str | None) -> str | None:
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            above = int(found) >> (128 - _PREFIX) << (128 - _PREFIX)
            return None if found.is_loopback else f"{IPv6Address(above)}/{_PREFIX}"
        found = found.ipv4_mapped
    return None if found.is_loopback else str(found)
