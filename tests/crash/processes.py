"""The processes of a server: those it started too, so that a power cut takes them all."""

from __future__ import annotations

import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.line import worker_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import Answer, Server

_ROUNDS = 10

__all__ = ["answers_of_both", "cut_power", "family", "warm_both"]


def family(pid: int) -> list[int]:
    """Return a process and everything it has started, itself first."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in brackets may hold spaces; the parent is the second word after it.
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cut_power(server: Server) -> None:
    """End a server and its workers at once, as a power cut would: no handler runs, nothing is flushed."""
    for pid in family(server.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait()


def warm_both(fetch: Callable[[], Answer], least: int = 24) -> None:
    """Fetch with success until both of two workers have answered, each on a connection of its own."""
    answered: set[str] = set()
    for number in range(least * _ROUNDS):
        answer = fetch()
        assert answer.status == 200, answer.body
        answered.add(_worker(answer))
        if number >= least - 1 and len(answered) == 2:
            return
    assert len(answered) == 2, "one worker alone answers"


def answers_of_both(fetch: Callable[[], Answer], requests: int) -> set[tuple[int, str]]:
    """Fetch so often at once, and again until both of two workers have answered; return what they did."""
    answers: list[Answer] = []
    with ThreadPoolExecutor(6) as pool:
        for _ in range(_ROUNDS):
            answers += pool.map(lambda _: fetch(), range(requests))
            if len(set(map(_worker, answers))) == 2:
                break
        else:
            raise AssertionError("one worker alone answers")
    return {(a.status, "" if a.status == 200 else a.code) for a in answers}


def _worker(answer: Answer) -> str:
    return worker_of(answer.headers["keystead-request-id"])
