"""The peer that answers the client as a test lays out, and both clients to ask it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from keystead_client import AsyncClient, Client
from tests.client.asking import Asker, Make
from tests.client.peer import Peer, running_peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    with running_peer() as found:
        yield found


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes clients: a test that takes this runs with either kind."""
    with ExitStack() as stack:
        yield Make(request.param, stack)


@pytest.fixture
def asker(make: Make, peer: Peer) -> Asker:
    """A client of the peer."""
    return make(peer.url)
