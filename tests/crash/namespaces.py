"""A machine of its own for a node: a network namespace with one line to this machine."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["HERE", "Namespace", "own_namespace"]

T = TypeVar("T")

HERE = "10.213.77.1"
_THERE = "10.213.77.2"
_NEW_NETWORK = 0x40000000


class Namespace:
    """What runs in it sees its own loopback, and this machine at `HERE`."""

    def __init__(self, name: str) -> None:
        self.program = ("ip", "netns", "exec", name)
        self._name = name
        self._thread = ThreadPoolExecutor(1, initializer=self._enter)

    def call(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """Do something in a thread that lives there."""
        return self._thread.submit(work, *arguments).result()

    def cut(self) -> None:
        """Drop the route: what is sent finds no way, and nothing comes back."""
        _ip("-n", self._name, "route", "del", "10.213.77.0/24")

    def mend(self) -> None:
        _ip("-n", self._name, "route", "add", "10.213.77.0/24", "dev", "there")

    def close(self) -> None:
        self._thread.shutdown()

    def _enter(self) -> None:
        handle = os.open(f"/run/netns/{self._name}", os.O_RDONLY)
        try:
            # A thread's own namespace; the process stays where it is.
            assert ctypes.CDLL(None, use_errno=True).setns(handle, _NEW_NETWORK) == 0
        finally:
            os.close(handle)


@contextmanager
def own_namespace() -> Iterator[Namespace]:
    """Make a namespace and its line; at the end, both are gone."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces take root and iproute2")
    name = f"keystead-{os.getpid()}"
    line = f"ks{os.getpid()}"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", line, "type", "veth", "peer", "name", "there", "netns", name)
        _ip("addr", "add", f"{HERE}/24", "dev", line)
        _ip("link", "set", line, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "addr", "add", f"{_THERE}/24", "dev", "there")
        _ip("-n", name, "link", "set", "there", "up")
        made = Namespace(name)
        try:
            yield made
        finally:
            made.close()
    finally:
        _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
