"""One answer as bytes: its head and its body leave together where they can."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from keystead.front.cycle import Cycle

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZED = {"content-length": "4"}


@dataclass
class Wire:
    """Takes down what is written, each piece by itself."""

    pieces: list[bytes] = field(default_factory=list)
    closed: bool = False

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self.closed = True

    def resume_reading(self) -> None:
        """Nothing is read here."""


def answered(
    *bodies: bytes,
    method: str = "GET",
    status: int = 200,
    headers: Mapping[str, str] = SIZED,
    keep_alive: bool = True,
) -> Wire:
    wire = Wire()
    cycle = Cycle(
        scope={"method": method},  # type: ignore[typeddict-item]  # all that is asked of it
        transport=wire,  # type: ignore[arg-type]
        flow=FlowControl(wire),  # type: ignore[arg-type]
        logger=logging.getLogger(),
        access_logger=logging.getLogger(),
        access_log=False,
        default_headers=[(b"date", b"today")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )

    async def story() -> None:
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await cycle.send({"type": "http.response.start", "status": status, "headers": pairs})
        for n, body in enumerate(bodies, 1):
            more = n < len(bodies)
            await cycle.send({"type": "http.response.body", "body": body, "more_body": more})

    asyncio.run(story())
    return wire


def test_a_head_and_its_body_are_one_piece() -> None:
    assert answered(b"body").pieces == [
        b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 4\r\n\r\nbody"
    ]


def test_a_body_in_parts_begins_with_the_head() -> None:
    first, second = answered(b"bo", b"dy").pieces
    assert first.endswith(b"\r\n\r\nbo")
    assert second == b"dy"


def test_an_answer_without_a_body_is_its_head() -> None:
    wire = answered(b"", status=204, headers={})
    assert wire.pieces == [b"HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n"]


def test_the_head_of_a_stream_does_not_wait_for_its_first_part() -> None:
    head, first, last = answered(b"part", b"", headers={}).pieces
    assert head.endswith(b"transfer-encoding: chunked\r\n\r\n")
    assert (first, last) == (b"4\r\npart\r\n", b"0\r\n\r\n")


def test_head_is_answered_without_the_body() -> None:
    (head,) = answered(b"body", method="HEAD").pieces
    assert head.endswith(b"content-length: 4\r\n\r\n")


@pytest.mark.parametrize(
    ("keep_alive", "more"),
    [
        pytest.param(False, {}, id="the client's wish"),
        pytest.param(True, {"connection": "close"}, id="the answer's own"),
    ],
)
def test_an_answer_that_is_the_last_says_so_once(keep_alive: bool, more: dict[str, str]) -> None:
    wire = answered(b"body", keep_alive=keep_alive, headers={**SIZED, **more})
    assert wire.pieces[0].count(b"connection: close\r\n") == 1
    assert wire.closed


@pytest.mark.parametrize(
    ("headers", "bodies"),
    [
        pytest.param({**SIZED, "etag": "a\r\nset-cookie: b"}, [b"body"], id="a line in a value"),
        pytest.param({**SIZED, "e tag": "a"}, [b"body"], id="a space in a name"),
        pytest.param(SIZED, [b"longer"], id="longer than it says"),
        pytest.param(SIZED, [b"bo"], id="shorter than it says"),
    ],
)
def test_what_is_no_answer_is_a_fault(headers: dict[str, str], bodies: list[bytes]) -> None:
    with pytest.raises(RuntimeError):
        answered(*bodies, headers=headers)
