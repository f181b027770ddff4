"""Several nodes of one installation."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from tests.running import KEYSTEAD

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["found", "join"]


def found(data: Path, url: str) -> dict[str, str]:
    """Make an installation in PostgreSQL; return its administrator."""
    init = [KEYSTEAD, "init", "--data", str(data), "--database-url", url, "--json"]
    done = subprocess.run(init, capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def join(first: Path, data: Path, url: str, node: int) -> None:
    """Make the data directory of one more node."""
    command = [KEYSTEAD, "join", "--data", str(data), "--master-key", str(first / "master.key")]
    command += ["--database-url", url, "--json"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(done.stdout) == {"node": node}
