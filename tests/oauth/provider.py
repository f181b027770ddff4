"""A provider that others wrote, for comparison: `tests/oauth/node/provider.mjs` in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NODE", "provider", "require_node"]

NODE = Path(__file__).with_name("node")


def require_node() -> str:
    """Return Node.js with the clients of its folder installed; skip where either is absent."""
    node = shutil.which("node")
    if node is not None and (NODE / "node_modules").is_dir():
        return node
    reason = "Node.js or the packages of tests/oauth/node are absent; `make services` installs them"
    if os.environ.get("KEYSTEAD_TEST_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def provider(keys: object) -> Iterator[str]:
    """Run it with the keys of its client that signs; its address."""
    with subprocess.Popen(
        [require_node(), "provider.mjs", json.dumps(keys)],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), "the provider did not start"
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.stdin.close()
            process.wait(20)
