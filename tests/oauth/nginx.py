"""A real nginx before a server, with the locations that the guide shows."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.running import installed, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.running import Server

__all__ = ["ISSUER", "beneath_a_path", "require_nginx"]

GUIDE: Final = Path(__file__).parents[2] / "docs" / "guide" / "oauth.md"
ISSUER: Final = "https://keys.example.com/eu"
"""As the guide has it."""

_BLOCK: Final = re.compile(r"^```nginx\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_AROUND: Final = """\
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port};
{locations}
    }}
}}
"""
_PATIENCE: Final = 20.0


def require_nginx() -> str:
    """Return the program; skip where it is absent."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is not None:
        return found
    reason = "nginx is absent; `make services` installs it"
    if os.environ.get("KEYSTEAD_TEST_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason)


def shown_locations() -> str:
    (found,) = _BLOCK.findall(GUIDE.read_text())
    return str(found)


@contextmanager
def beneath_a_path(home: Path) -> Iterator[tuple[Server, str]]:
    """Serve an installation through nginx, beneath a path; give the server itself, and its issuer."""
    nginx = require_nginx()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}/eu"
    admin = installed(home / "data")
    with (home / "data" / "keystead.toml").open("a") as settings:
        settings.write(f'issuer = "{issuer}"\n')
    server = start(home / "data", admin)
    try:
        with _proxy(nginx, home, port, server):
            yield server, issuer
    finally:
        server.stop()


@contextmanager
def _proxy(nginx: str, home: Path, port: int, server: Server) -> Iterator[None]:
    locations = shown_locations().replace("http://127.0.0.1:8780", server.url)
    written = home / "nginx.conf"
    written.write_text(_AROUND.format(home=home, port=port, locations=locations))
    with subprocess.Popen([nginx, "-p", home, "-c", written, "-e", home / "start.log"]) as process:
        try:
            _await(process, port)
            yield
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "nginx ended before it began"
            assert time.monotonic() < deadline, "nginx does not begin"
            time.sleep(0.02)
        else:
            return
