"""`make demo` does what it says, ends as it says, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PATIENCE = 60


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a demo that has a directory and a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    yield {
        "PATH": programs,
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "DEMO_LISTEN": f"127.0.0.1:{port}",
    }
    assert list(tmp_path.glob("tmp*")) == [], "it leaves nothing behind"


def test_the_demo_shows_the_main_job_once(demo: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "examples/demo.sh"],
        cwd=ROOT, env={**demo, "DEMO_ONCE": "1"}, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for told in ("databases/orders", "network_denied", demo["DEMO_LISTEN"], "intact"):
        assert told in done.stdout


def test_the_demo_serves_until_it_is_told_to_end(demo: dict[str, str]) -> None:
    process = subprocess.Popen(
        ["bash", "examples/demo.sh"],
        cwd=ROOT, env=demo, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "Ctrl-C" in line:
                break
        host, _, port = demo["DEMO_LISTEN"].partition(":")
        socket.create_connection((host, int(port)), timeout=5).close()
        # As a terminal does it: to all that it has started.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
