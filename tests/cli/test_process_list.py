"""What every process on a machine can read of a command while it runs holds no secret."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doors.cast import V1, ok
from tests.running import KEYSTEAD

if TYPE_CHECKING:
    from tests.running import Server

PLANTED = "CANARY-of-a-command-9fQ2"


def seen(environment: dict[str, str], given: bytes, *line: str) -> tuple[set[bytes], bytes]:
    """Run a command; return every command line that was seen of it and its children, and its output."""
    process = subprocess.Popen(
        [KEYSTEAD, *line], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    lines: set[bytes] = set()
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.close()
    while process.poll() is None:
        time.sleep(0.001)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        try:
            for pid in (str(process.pid), *children.read_text().split()):
                lines.add(Path(f"/proc/{pid}/cmdline").read_bytes())
        except OSError:
            continue
    assert process.stdout is not None
    output = process.stdout.read()
    process.stdout.close()
    assert process.returncode == 0, line
    assert any(line[0].encode() in each for each in lines), line
    return lines, output


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc here")
def test_a_planted_secret_is_on_no_command_line(server: Server) -> None:
    folder = server.folder()["name"]
    environment = {**os.environ, "KEYSTEAD_URL": server.url, "KEYSTEAD_TOKEN": server.admin_token}
    value, name = f"{PLANTED}\n".encode(), server.unique("job")
    lines, _ = seen(environment, value, "account", "create", f"{folder}/db", "--password-stdin")
    more, output = seen(environment, b"", "get", f"{folder}/db")
    assert output == value
    lines |= more
    made = ("token", "create", name, "--expires", "1d", "--scope", "folders:list", "--quiet")
    more, token = seen(environment, b"", *made)
    lines |= more
    more, _ = seen(environment, token, "verify", "--audience", "keystead")
    lines |= more
    more, rotated = seen(environment, b"", "token", "rotate", name, "--quiet")
    lines |= more
    secrets = [PLANTED.encode(), token.strip(), rotated.strip(), server.admin_token.encode()]
    assert all(secret not in line for secret in secrets for line in lines)
    whoami = ok(server.call("GET", f"{V1}/whoami", token=rotated.decode().strip()))
    assert whoami["credential"]["name"] == name
