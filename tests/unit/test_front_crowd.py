"""Whose connections are counted together, and how often a bound that is reached is told of."""

from __future__ import annotations

import asyncio
import math
import ssl
from functools import partial
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from keystead.front.crowd import Crowd
from keystead.front.handshake import Handshake
from keystead.front.loop import Loop
from keystead.front.protocol import BoundedProtocol


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_an_address_is_counted_with_its_own(one: str, other: str, *, together: bool) -> None:
    crowd = Crowd()
    first = crowd.enter(one, 9, 1)
    if together:
        with pytest.raises(OverflowError):
            crowd.enter(other, 9, 1)
        crowd.leave(first)
        assert crowd.enter(other, 9, 1) == first
    else:
        assert crowd.enter(other, 9, 1) != first


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "", None])
def test_this_machine_is_counted_in_all_alone(address: str | None) -> None:
    crowd = Crowd()
    places = [crowd.enter(address, 3, 1) for _ in range(3)]
    with pytest.raises(OverflowError):
        crowd.enter(address, 3, 1)
    crowd.leave(places[0])
    assert crowd.enter(address, 3, 1) == places[0]


def test_a_bound_is_told_of_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    crowd = Crowd()
    crowd.enter("192.0.2.1", 2, 1)
    for _ in range(3):
        with pytest.raises(OverflowError):
            crowd.enter("192.0.2.1", 2, 1)
    crowd.enter("192.0.2.2", 2, 1)
    for _ in range(3):
        with pytest.raises(OverflowError):
            crowd.enter("192.0.2.3", 2, 1)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


class _From(asyncio.Transport):
    """A connection from an address beyond this machine, where no test reaches."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 40_000), "sockname": ("192.0.2.80", 443)})
        self.aborted = False
        self.protocol: asyncio.BaseProtocol = asyncio.Protocol()

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        """Nothing is there to be closed."""


async def _nothing(_: Any, __: Any, ___: Any) -> None:  # noqa: ANN401
    """Nobody asks."""


def test_a_connection_too_many_of_an_address_is_ended_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BoundedProtocol, "most_of_address", 2)

    async def run() -> None:
        config = Config(_nothing, http=BoundedProtocol, interface="asgi3", log_config=None)
        config.load()
        state = ServerState()

        def connect(address: str) -> tuple[BoundedProtocol, _From]:
            made, transport = BoundedProtocol(config, state, {}), _From(address)
            made.connection_made(transport)
            return made, transport

        mine = [connect("192.0.2.1") for _ in range(3)]
        assert [transport.aborted for _, transport in mine] == [False, False, True]
        other = connect("192.0.2.2")
        assert not other[1].aborted
        # One that was refused had no place to give back.
        for one, _ in reversed(mine[1:]):
            one.connection_lost(None)
        again = [connect("192.0.2.1") for _ in range(2)]
        assert [transport.aborted for _, transport in again] == [False, True]
        for one, _ in (mine[0], other, *again):
            one.connection_lost(None)

    asyncio.run(run())


@pytest.mark.parametrize("seconds", [0.0, math.nan], ids=["made", "begun"])
def test_a_handshake_that_cannot_be_begun_keeps_no_place_and_no_connection(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    crowd = Crowd()
    monkeypatch.setattr(BoundedProtocol, "most", 1)
    monkeypatch.setattr(BoundedProtocol, "crowd", crowd)
    monkeypatch.setattr(Handshake, "seconds", seconds)
    told: list[BaseException] = []

    async def run() -> None:
        config = Config(_nothing, http=BoundedProtocol, interface="asgi3", log_config=None)
        config.load()
        loop, state = asyncio.get_running_loop(), ServerState()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        accept = partial(BoundedProtocol, config, state, {})
        server = await loop.create_server(accept, "127.0.0.1", 0, ssl=context)
        try:
            for _ in range(3):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                assert await asyncio.wait_for(reader.read(), 5) == b""
                writer.close()
        finally:
            # A connection that is still open would be waited for.
            server.close()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(run())
    assert len(told) == 3
    crowd.enter("127.0.0.1", 1, 1)


def test_a_handshake_that_is_not_done_is_counted_with_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BoundedProtocol, "most_of_address", 2)
    monkeypatch.setattr(BoundedProtocol, "crowd", Crowd())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    async def run() -> None:
        config = Config(_nothing, http=BoundedProtocol, interface="asgi3", log_config=None)
        config.load()
        loop, state = asyncio.get_running_loop(), ServerState()

        def connect(address: str) -> _From:
            transport = _From(address)
            then = partial(BoundedProtocol, config, state, {})
            Handshake(loop, context, then).connection_made(transport)
            return transport

        mine = [connect("192.0.2.1") for _ in range(3)]
        assert [transport.aborted for transport in mine] == [False, False, True]
        assert not connect("192.0.2.2").aborted
        for transport, end in zip(mine[:2], (None, ConnectionResetError()), strict=True):
            transport.get_protocol().connection_lost(end)
        await asyncio.sleep(0)
        again = [connect("192.0.2.1") for _ in range(3)]
        assert [transport.aborted for transport in again] == [False, False, True]

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(run())
