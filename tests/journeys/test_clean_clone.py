"""A clean clone in an empty directory: `make demo` and `make test` as the README has them.

It takes what is committed, and the programs of a system's own directories; pip fetches as it does for anyone.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.figures import Figures

ROOT = Path(__file__).parents[2]
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ADDRESS = ("127.0.0.1", 8780)
PATIENCE = 900
FIT = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
PASSED_ON = ("HOME", "LANG", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")


@pytest.mark.trial
def test_a_clean_clone_shows_the_demo_and_tests_itself(tmp_path: Path, figures: Figures) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a clone of a repository")
    clone, rest = tmp_path / "keystead", tmp_path / "rest"
    rest.mkdir()
    environment = of_a_fresh_machine(tmp_path / "programs", rest)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True, env=environment)

    def run(*command: str, **more: str) -> str:
        done = subprocess.run(
            command, cwd=clone, env={**environment, **more}, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    told = run("make", "demo", DEMO_ONCE="1")
    assert "Keystead answers at http://127.0.0.1:8780" in told
    assert (clone / ".venv" / "bin" / "keystead").exists(), "of its own making"
    demo_until_it_is_interrupted(clone, environment)
    assert list(rest.iterdir()) == [], "the demo leaves nothing behind"
    assert " tests collected" in run("make", "test", "ARGS=--collect-only -q")
    passed = run("make", "test", "ARGS=tests/unit")
    assert " passed" in passed
    figures.write(
        "A clean clone",
        demo="exit 0, and in order when interrupted",
        unit_tests=passed.strip().rpartition("\n")[2].strip("= "),
    )


def of_a_fresh_machine(programs: Path, rest: Path) -> dict[str, str]:
    """Return an environment with the system's programs and no others, but for a Python where it needs one."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    path = SYSTEM
    if not is_fit(shutil.which("python3", path=SYSTEM)):
        # Of the interpreter that runs this, what no virtual environment has touched.
        base = Path(sys.base_prefix) / "bin" / "python3"
        if not is_fit(str(base)):
            pytest.skip("there is no python3 >= 3.11 that makes virtual environments")
        programs.mkdir()
        (programs / "python3").symlink_to(base)
        path = f"{programs}:{SYSTEM}"
    return {**passed_on, **pip, "PATH": path, "TMPDIR": str(rest)}


def is_fit(python: str | None) -> bool:
    if python is None or not Path(python).exists():
        return False
    return subprocess.run([python, "-c", FIT], check=False, capture_output=True).returncode == 0


def demo_until_it_is_interrupted(clone: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        ["make", "demo"], cwd=clone, env=environment, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert any("Ctrl-C" in line for line in process.stdout), "it comes to serve"
        socket.create_connection(ADDRESS, timeout=5).close()
        # As a terminal does it: to all that it has started.
        os.killpg(process.pid, signal.SIGINT)
        assert "the demo left nothing behind" in process.communicate(timeout=60)[0]
        # The demo's own end is 0; make passes the interruption on where it has met it first.
        assert process.returncode in {0, 2, 130, -signal.SIGINT}
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(ADDRESS, timeout=5)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=60)
