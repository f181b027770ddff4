"""Workers do not outlive their supervisor, and a worker that dies is replaced."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crash.processes import cut_power, family
from tests.running import Server, running, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 40.0


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "data", "--workers", "2") as server:
        yield server
        cut_power(server)


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def at_work(pid: int) -> bool:
    """Say whether a worker has opened the database."""
    opened = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            opened.add(descriptor.readlink().name)
    return "keystead.db" in opened


def workers_of(server: Server) -> list[int]:
    def command(pid: int) -> bytes:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except FileNotFoundError:
            return b""

    return [pid for pid in family(server.process.pid)[1:] if b"spawn_main" in command(pid)]


def test_workers_end_with_a_supervisor_that_was_killed(supervised: Server) -> None:
    workers = workers_of(supervised)
    assert len(workers) == 2
    supervised.kill()
    assert eventually(lambda: not any(map(alive, workers)))
    admin = {
        "admin_token": supervised.admin_token,
        "admin_password": supervised.admin_password,
    }
    again = start(supervised.data, admin)
    assert again.call("GET", "/api/v1/whoami").status == 200
    again.stop()


def test_a_worker_that_was_killed_is_replaced(workers: Server) -> None:
    first, *_ = before = workers_of(workers)
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: len(set(workers_of(workers)) - set(before)) == 1)
    assert workers.call("GET", "/api/v1/whoami").status == 200, "the other goes on"
    # Until the new one is at work: other tests of this process count on two.
    assert eventually(lambda: all(map(at_work, workers_of(workers))))
    assert len(workers_of(workers)) == 2
