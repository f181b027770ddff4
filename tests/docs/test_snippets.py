"""Every transcript of the guide is replayed against a real server, in the order of its page."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.docs.transcripts import Shell, is_as_printed, steps_of

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if "_build" not in page.parts and any(steps_of(page))
]
# What the pages say; each page gets a port of its own.
WRITTEN = "127.0.0.1:8780"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_for(home: Path) -> dict[str, str]:
    binaries = Path(sys.executable).parent
    return {
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "no_proxy": "127.0.0.1",
    }


@contextlib.contextmanager
def server(home: Path, listen: str, environment: dict[str, str]) -> Iterator[str]:
    """A server in a fresh data directory; yields the administrator's token."""
    keystead = Path(sys.executable).with_name("keystead")
    data = home / "served"
    made = subprocess.run(
        [keystead, "init", "--data", data, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [keystead, "serve", "--data", data, "--listen", listen],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(listen)
            yield json.loads(made.stdout)["admin_token"]
        finally:
            process.terminate()
            process.wait(20)


def wait_for(listen: str) -> None:
    for _ in range(200):
        with contextlib.suppress(httpx2.HTTPError):
            if (
                httpx2.get(f"http://{listen}/readyz", trust_env=False).status_code
                == httpx2.codes.OK
            ):
                return
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {listen}")


@contextlib.contextmanager
def shell(home: Path, environment: dict[str, str]) -> Iterator[Shell]:
    opened = Shell(home, environment)
    try:
        yield opened
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(opened.group, signal.SIGTERM)
        opened.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    listen = f"127.0.0.1:{free_port()}"
    environment = environment_for(tmp_path)
    steps = list(steps_of(page))
    with contextlib.ExitStack() as stack:
        if not any(step.command.startswith("keystead serve") for step in steps):
            token = stack.enter_context(server(tmp_path, listen, environment))
            environment |= {"KEYSTEAD_URL": f"http://{listen}", "KEYSTEAD_TOKEN": token}
        bash = stack.enter_context(shell(tmp_path, environment))
        for step in steps:
            status, output = bash.run(step.command.replace(WRITTEN, listen))
            output = output.replace(listen, WRITTEN)
            if step.command.startswith("keystead serve"):
                # A reader takes longer to type the next command than a server to start.
                wait_for(listen)
            assert status == 0, f"$ {step.command}\n{output}"
            if step.printed and not is_as_printed(step.printed, output):
                pytest.fail(
                    f"$ {step.command}\n{output}--- but the page shows\n" + "\n".join(step.printed)
                )


@pytest.mark.parametrize(
    ("printed", "output", "same"),
    [
        (("made …",), "made cred_1\n", True),
        (("{…}", "…"), '{"a": 1}\nmore\nand more\n', True),
        (("name    orders",), "  name orders  \n", True),
        (("403",), "200\n", False),
        (("one", "two"), "one\n", False),
    ],
    ids=["gap", "gap-of-lines", "blanks", "other", "missing-line"],
)
def test_a_page_is_compared_loosely_but_compared(
    printed: tuple[str, ...], output: str, same: bool
) -> None:
    assert is_as_printed(printed, output) is same


def test_the_readme_and_the_quick_start_are_replayed() -> None:
    replayed = {page.name for page in PAGES}
    assert {"README.md", "quickstart.md", "tokens.md", "vault.md", "audit.md"} <= replayed
    assert shutil.which("curl"), "the guide speaks curl"
