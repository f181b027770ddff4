"""`keystead` with bounds that a test can reach, named in `KEYSTEAD_TEST_BOUNDS` as `most=10 head_seconds=1`.

What is changed is a number of the server itself; nothing stands in for anything. Each worker of a
supervisor begins by reading this file too, so it has the same numbers.
"""

from __future__ import annotations

import os
import sys

from keystead.cli.app import main
from keystead.front import tls
from keystead.front.handshake import Handshake
from keystead.front.protocol import BoundedProtocol

__all__ = ["lowered"]

_BOUNDS = "KEYSTEAD_TEST_BOUNDS"


def lowered(**bounds: float) -> tuple[str, ...]:
    """Return the program that `tests.running.start` is to run."""
    named = " ".join(f"{name}={value}" for name, value in bounds.items())
    return ("env", f"{_BOUNDS}={named}", sys.executable, __file__)


for bound in os.environ.get(_BOUNDS, "").split():
    name, _, value = bound.partition("=")
    match name:
        case "head_seconds":
            BoundedProtocol.head_seconds = float(value)
        case "most":
            BoundedProtocol.most = int(value)
        case "handshake_seconds":
            Handshake.seconds = float(value)
        case "look_seconds":
            tls.LOOK_SECONDS = float(value)  # type: ignore[misc]  # final everywhere but here
        case _:
            raise SystemExit(f"no such bound: {name}")

if __name__ == "__main__":
    main()
