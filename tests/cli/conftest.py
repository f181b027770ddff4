"""The peer, and the command line run in this process as a script would run it."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from keystead.cli.app import run
from tests.client.peer import TOKEN, Peer, Reply, reply, running_peer
from tests.running import Server


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


def items(*found: object, more: str | None = None) -> Reply:
    return reply({"items": list(found), "next_page_token": more})


@pytest.fixture
def admin(server: Server, keystead: Keystead, monkeypatch: pytest.MonkeyPatch) -> Keystead:
    """Run commands as the administrator."""
    for name in ("KEYSTEAD_TOKEN_FILE", "KEYSTEAD_CA_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KEYSTEAD_URL", server.url)
    monkeypatch.setenv("KEYSTEAD_TOKEN", server.admin_token)
    return keystead


def answer(ended: Ended) -> Any:  # noqa: ANN401  # whatever JSON holds
    """The one JSON document that a command printed."""
    assert ended.code == 0, ended.err
    assert ended.out.count("\n") == 1
    return json.loads(ended.out)


def error(ended: Ended) -> Any:  # noqa: ANN401  # whatever JSON holds
    """The one JSON error that a command printed."""
    assert (ended.out, ended.err.count("\n")) == ("", 1)
    found = json.loads(ended.err)["error"]
    assert found["exit"] == ended.code
    return found
