"""What the protocol has to be told of the world: how late it is, a number by chance, a fresh key."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import random
from typing import Final

__all__ = ["World"]

_KEY_BYTES: Final = 16


def _fresh_key() -> str:
    return os.urandom(_KEY_BYTES).hex()


@dataclass(frozen=True, slots=True)
class World:
    """This machine's.

    Attributes:
        clock: gives seconds that never go back.
        chance: gives a number from 0 up to 1.
        key: gives an `Idempotency-Key` that nobody has had.
    """

    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random
    key: Callable[[], str] = _fresh_key
