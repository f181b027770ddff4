"""`keystead` that dies between its commit and its answer, once, where the file `KEYSTEAD_TEST_MUTE` says so.

What happens is what a power cut does at that instant; nothing stands in for anything.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keystead.api import door
from keystead.cli.app import main
from keystead.web.sending import send_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.web.call import Answer
    from keystead.web.sending import Receive, Send

__all__ = ["mute"]

_NAME = "KEYSTEAD_TEST_MUTE"


def mute(order: Path) -> tuple[str, ...]:
    """Return the program for `tests.running.start`: it dies before an answer once `order` is there."""
    return ("env", f"{_NAME}={order}", sys.executable, __file__)


def _obey() -> None:
    order = Path(os.environ[_NAME])
    if order.exists():
        order.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


async def _die_or_send(
    receive: Receive, send: Send, answer: Answer, more: Mapping[str, str]
) -> None:
    _obey()
    await send_answer(receive, send, answer, more)


if __name__ == "__main__":
    door.send_answer = _die_or_send  # type: ignore[attr-defined]
    main()
