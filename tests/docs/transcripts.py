"""Reading and replaying the guide's transcripts.

A ```` ```console ```` block is a transcript: `$ ` begins a command, `> ` goes on with it, and what
follows is what it prints. In the printed part `…` stands for anything within a line, and a line that
is nothing but `…` for any number of lines. A command without printed lines may print what it likes.
Every command must end with 0. Other blocks are not run.
"""

import os
import re
import secrets
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SECONDS_PER_COMMAND = 60
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a transcript, and the lines it is said to print."""

    command: str
    printed: tuple[str, ...]


def steps_of(page: Path) -> Iterator[Step]:
    for block in BLOCK.findall(page.read_text()):
        yield from _steps_of_block(block)


def _steps_of_block(block: str) -> Iterator[Step]:
    command: list[str] = []
    printed: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield Step("\n".join(command), tuple(printed))
            command, printed = [line[2:]], []
        elif (line == ">" or line.startswith("> ")) and not printed:
            command.append(line[2:])
        else:
            assert command, f"a transcript begins with a command, not with {line!r}"
            printed.append(line)
    if command:
        yield Step("\n".join(command), tuple(printed))


def is_as_printed(printed: tuple[str, ...], output: str) -> bool:
    """Say whether the output is what the page shows, blanks and `…` aside."""
    pattern = ""
    for line in printed:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            parts = [re.escape(_squeezed(part)).replace(r"\ ", " ") for part in line.split("…")]
            pattern += ".*?".join(parts) + r"\n"
    squeezed = "".join(f"{_squeezed(line)}\n" for line in output.strip().splitlines())
    # A part that began or ended with a blank lost it above; the blank is optional.
    return re.fullmatch(pattern.replace(".*?", " ?.*? ?"), squeezed) is not None


def _squeezed(text: str) -> str:
    return " ".join(text.split())


class Shell:
    """One bash that remembers variables and background jobs from step to step."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._mark = secrets.token_hex(8)
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Its own group, so that servers started in the background end with it.
            start_new_session=True,
        )

    @property
    def group(self) -> int:
        return self._bash.pid

    def run(self, command: str) -> tuple[int, str]:
        """Return the exit status and what was printed, on either stream."""
        pipe_in, pipe_out = self._pipes()
        alarm = threading.Timer(SECONDS_PER_COMMAND, os.killpg, (self.group, signal.SIGKILL))
        alarm.start()
        try:
            return self._replay(command, pipe_in, pipe_out)
        finally:
            alarm.cancel()

    def _replay(self, command: str, pipe_in: IO[str], pipe_out: IO[str]) -> tuple[int, str]:
        pipe_in.write(f"{command}\nprintf '\\n%s %s\\n' {self._mark} $?\n")
        pipe_in.flush()
        lines: list[str] = []
        for line in pipe_out:
            if line.startswith(self._mark):
                return int(line.split()[1]), "".join(lines)
            lines.append(line)
        raise AssertionError(f"bash ended during: {command}\n{''.join(lines)}")

    def close(self) -> None:
        for pipe in self._pipes():
            pipe.close()
        self._bash.wait(10)

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        return self._bash.stdin, self._bash.stdout
