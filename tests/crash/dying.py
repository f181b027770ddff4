"""A command that is killed at the n-th step which touches a key's file or the database's transaction.

    python -m tests.crash.dying N keystead …

Steps are what the interpreter tells its audit hooks of the key's files, and the ends of the transaction. It
dies before the step is done; where it has come to its end, there were no N steps.
"""

import os
import signal
import sys
from typing import Any

from keystead.cli.app import run
from keystead.gate.gate import Gate

STEPS = ("open", "os.rename", "os.remove")


class Dying:
    """Counts steps and dies."""

    def __init__(self, after: int) -> None:
        self.left = after

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in STEPS and isinstance(arguments[0], str | os.PathLike):
            name = os.fspath(arguments[0])
            if "master.key" in name or "keystead.toml" in name:
                self.step()


def main() -> None:
    dying = Dying(int(sys.argv[1]))
    perform = Gate.perform

    async def surrounded(self: Gate, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401
        dying.step()
        done = await perform(self, *arguments, **more)
        dying.step()
        return done

    Gate.perform = surrounded  # type: ignore[method-assign]
    sys.addaudithook(dying.hook)
    sys.exit(run(sys.argv[2:]))


if __name__ == "__main__":
    main()
