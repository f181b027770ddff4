"""The peer, and the command line run in this process as a script would run it."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from keystead.cli.app import run
from tests.cli.peer import TOKEN, Peer, running_peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    with running_peer() as found:
        yield found


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Keystead = Callable[..., Ended]


@pytest.fixture
def keystead(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Keystead:
    def call(*arguments: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(arguments)
        said = capsys.readouterr()
        return Ended(int(code), said.out, said.err)

    return call


@pytest.fixture
def at_peer(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """Point the command line to the peer."""
    monkeypatch.setenv("KEYSTEAD_URL", peer.url)
    monkeypatch.setenv("KEYSTEAD_TOKEN", TOKEN)
    monkeypatch.delenv("KEYSTEAD_TOKEN_FILE", raising=False)
    monkeypatch.delenv("KEYSTEAD_CA_FILE", raising=False)
    return peer
