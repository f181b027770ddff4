"""A real server for tests: `keystead init` and `keystead serve` in processes of their own, on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

KEYSTEAD = str(Path(sys.executable).with_name("keystead"))
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401  # whatever was answered
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["code"])

    @property
    def text(self) -> str:
        """The status, and the code of a problem, as they stand in a table."""
        if self.headers.get("content-type") == "application/problem+json":
            return f"{self.status} {self.code}"
        return str(self.status)


@dataclass(slots=True)
class Served:
    """Something that answers, its data directory and its administrator."""

    data: Path
    url: str
    admin_token: str
    admin_password: str
    _numbers: Iterator[int] = field(default_factory=count, kw_only=True)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        source: str | None = None,
    ) -> Answer:
        """Send one request; `token` "" is the administrator's, None is none; `source` a 127.x address."""
        sent = {"User-Agent": "keystead-tests", **(headers or {})}
        presented = self.admin_token if token == "" else token
        if presented is not None:
            sent["Authorization"] = f"Bearer {presented}"
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        return send(self.url, method, path, data, sent, source=source)

    def unique(self, stem: str) -> str:
        """Return a name that no other test of this process has used."""
        return f"{stem} {os.getpid()}-{next(self._numbers)}"

    def folder(self, **more: object) -> dict[str, Any]:
        """Make a folder of the administrator's."""
        made = self.call("POST", "/api/v1/folders", {"name": self.unique("folder"), **more})
        assert made.status == 201, made.body
        return dict(made.json())

    def account(self, folder_id: str, **more: object) -> dict[str, Any]:
        """Make an account whose password is `pass-word`."""
        wanted = {
            "name": self.unique("account"),
            "folder_id": folder_id,
            "fields": {"password": "pass-word"},
            **more,
        }
        made = self.call("POST", "/api/v1/accounts", wanted)
        assert made.status == 201, made.body
        return dict(made.json())

    def token(self, *scopes: str, **more: object) -> tuple[str, dict[str, Any]]:
        """Issue a token of the administrator's; return its text and its record."""
        wanted = {
            "kind": "api_token",
            "name": self.unique("token"),
            "scopes": list(scopes),
            "expires_at": None,
            **more,
        }
        made = self.call("POST", "/api/v1/credentials", wanted)
        assert made.status == 201, made.body
        return made.json()["secret"], made.json()["credential"]


@dataclass(slots=True)
class Server(Served):
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        try:
            self.process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            # Its faulthandler writes where it hangs.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"it does not end: {self.log.read_text()[-8_000:]}") from None


def send(
    url: str,
    method: str,
    path: str,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    source: str | None = None,
) -> Answer:
    """Send one request and return whatever came back."""
    host, _, port = url.removeprefix("http://").partition(":")
    connection = HTTPConnection(
        host, int(port), timeout=_PATIENCE, source_address=(source, 0) if source else None
    )
    try:
        connection.request(method, path, body=data, headers=dict(headers or {}))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


def initialise(data: Path) -> dict[str, str]:
    """Make an installation that is like no other; return its administrator."""
    done = subprocess.run(
        [KEYSTEAD, "init", "--data", str(data), "--json"], capture_output=True, check=True
    )
    return dict(json.loads(done.stdout))


@cache
def _template() -> tuple[tempfile.TemporaryDirectory[str], dict[str, str]]:
    # Kept alive by the cache; it goes with the process.
    made = tempfile.TemporaryDirectory(prefix="keystead-made-", ignore_cleanup_errors=True)
    return made, initialise(Path(made.name) / "data")


def installed(data: Path) -> dict[str, str]:
    """Make an installation as `initialise` does, but the same one each time, and sooner."""
    made, admin = _template()
    shutil.copytree(Path(made.name) / "data", data)
    return admin


def start(
    data: Path,
    admin: Mapping[str, str],
    *arguments: str,
    context: ssl.SSLContext | None = None,
    program: Sequence[str] = (KEYSTEAD,),
) -> Server:
    """Serve an installation on a free port, and return once it answers.

    Args:
        data: the data directory.
        admin: what its `init` said.
        *arguments: of `serve`.
        context: where it has TLS.
        program: runs `keystead`.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = data.parent / f"{data.name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*program, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}", *arguments],
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
        )
    url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5, context=context).close()
            break
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise AssertionError(f"no server: {log.read_text()}") from None
            time.sleep(0.05)
    return Server(data, url, admin["admin_token"], admin["admin_password"], process, log)


@contextmanager
def running(data: Path, *arguments: str) -> Iterator[Server]:
    """Make an installation, serve it, and stop it at the end."""
    server = start(data, installed(data), *arguments)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
