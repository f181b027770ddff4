"""A PostgreSQL server of a test's own, which may be crashed and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Cluster", "own_cluster"]

_USER = "postgres"


class Cluster:
    """One server's files, and how it is started and stopped."""

    def __init__(self, home: Path, programs: Path, address: str) -> None:
        self._home = home
        self._programs = programs
        with socket.create_server((address, 0)) as probe:
            self._port = probe.getsockname()[1]
        self.url = f"postgresql://{_USER}@{address}:{self._port}/postgres"
        self._run("initdb", "-D", self._data, "-U", _USER, "-A", "trust", "--no-sync")
        with (home / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {address}/24 trust\n")
        with (home / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '{address}'\nport = {self._port}\n"
                f"unix_socket_directories = '{home}'\nmax_connections = 100\n"
            )

    @property
    def _data(self) -> str:
        return str(self._home / "data")

    def start(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-l", str(self._home / "log"), "-w", "start")

    def crash(self) -> None:
        """Stop as a power cut of its machine would: it recovers at the next start."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def restart(self) -> None:
        """Stop and start as a minor upgrade would."""
        log = str(self._home / "log")
        self._run("pg_ctl", "-D", self._data, "-l", log, "-m", "fast", "-w", "restart")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop")

    def put(self, name: str, content: bytes) -> None:
        """Put a file among the server's own, which it reads at its next start."""
        path = self._home / "data" / name
        path.write_bytes(content)
        path.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(path, _USER, _USER)

    def remove(self, name: str) -> None:
        (self._home / "data" / name).unlink()

    def let_in(self, *rules: str) -> None:
        """Put rules before those that stand in pg_hba.conf; the first that fits decides."""
        file = self._home / "data" / "pg_hba.conf"
        file.write_text("".join(f"{rule}\n" for rule in rules) + file.read_text())
        self._run("pg_ctl", "-D", self._data, "reload")

    def _run(self, program: str, *arguments: str) -> None:
        # It refuses to run as root.
        before = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
        command = [*before, str(self._programs / program), *arguments]
        done = subprocess.run(
            command, check=False, cwd=self._home, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def own_cluster(address: str = "127.0.0.1") -> Iterator[Cluster]:
    """Make a server and start it; at the end, nothing is left of it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    elsewhere = shutil.which("initdb")
    if not found and elsewhere is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    programs = found[-1].parent if found else Path(str(elsewhere)).parent
    home = Path(tempfile.mkdtemp(prefix="keystead-cluster-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(home, _USER, _USER)
        cluster = Cluster(home, programs, address)
        cluster.start()
        try:
            yield cluster
        finally:
            if (home / "data" / "postmaster.pid").exists():
                cluster.crash()
    finally:
        shutil.rmtree(home)
