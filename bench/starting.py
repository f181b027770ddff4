"""Cold starts: from the command to the first answer, and one `keystead get`."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.listing import STORED
from tests.running import KEYSTEAD, initialise, running

_TIMES = 5


def measure(data: Path, stocked: Path) -> list[Figure]:
    initialise(data)
    found = [
        _start("`keystead serve` to its first answer", data, 1.5),
        _start(f"the same with {STORED:,} tokens stored", stocked, 1.5),
        _start("the same with two workers", data, 1.5, "--workers", "2"),
    ]
    with running(data.with_name("get")) as server:
        account = server.account(server.folder()["id"])
        token, _ = server.token("secrets:read")
        names = {**os.environ, "KEYSTEAD_URL": server.url, "KEYSTEAD_TOKEN": token}
        took = []
        for _ in range(_TIMES):
            begun = time.perf_counter()
            done = subprocess.run(
                [KEYSTEAD, "get", account["path"]], env=names, capture_output=True, check=True
            )
            took.append(time.perf_counter() - begun)
            assert done.stdout.strip() == b"pass-word", done.stdout
        found.append(Figure("`keystead get PATH`, whole process", f"{median(took):.2f} s"))
    return found


def _start(work: str, data: Path, target: float, *arguments: str) -> Figure:
    took = [seconds_to_start(data, *arguments) for _ in range(_TIMES)]
    shown = f"median {median(took):.2f} s, slowest {max(took):.2f} s"
    return Figure(work, shown, f"< {target} s", median(took) < target)


def seconds_to_start(data: Path, *arguments: str) -> float:
    """Serve, wait for the first answer, and stop."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [KEYSTEAD, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}", *arguments]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not _answers(port):
            assert process.poll() is None, "the server ended"
            time.sleep(0.002)
        return time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
