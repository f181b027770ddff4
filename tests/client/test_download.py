"""What may be larger than memory is handed on as it comes: the export of the audit. Row K17."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING

import pytest

import keystead_client as sdk
from keystead_client import AsyncClient, audit, credentials
from tests.client.peer import TOKEN, Fault, Reply, busy, problem

if TYPE_CHECKING:
    from tests.client.asking import Asker, Make
    from tests.client.peer import Peer
    from tests.running import Server

LINE = "GET /api/v1/audit/export?format=jsonl"
CALL = audit.export()


def test_k17_the_audit_is_exported_with_the_filters_of_its_list(make: Make, server: Server) -> None:
    admin = make(server.url, server.admin_token)
    name = server.unique("token")
    made = admin.send(credentials.create(name, expires_in="1d", scopes=["folders:list"])).credential
    admin.send(credentials.disable(made.id))
    pieces: list[bytes] = []
    admin.download(audit.export(object_id=made.id, verb="credential.disable"), pieces.append)
    (line,) = b"".join(pieces).splitlines()
    assert json.loads(line)["entry"]["event"]["object"]["id"] == made.id
    table = admin.send(audit.export("csv", object_id=made.id, decision="allowed"))
    assert [row.count(name.encode()) for row in table.splitlines()] == [0, 1, 1]


def test_a_large_answer_is_handed_on_in_pieces(asker: Asker, peer: Peer) -> None:
    whole = b"line\n" * (8 * 1024 * 1024)
    peer.on(LINE, Reply(200, whole))
    sizes: list[int] = []
    asker.download(CALL, lambda piece: sizes.append(len(piece)))
    assert (sum(sizes), len(sizes) > 1) == (len(whole), True)
    with pytest.raises(sdk.UnexpectedAnswer, match="does not end"):
        asker.send(CALL)


def test_of_a_refusal_nothing_is_handed_on(asker: Asker, peer: Peer) -> None:
    pieces: list[bytes] = []
    peer.on(LINE, problem(403, "insufficient_scope"))
    with pytest.raises(sdk.Forbidden, match="insufficient_scope"):
        asker.download(CALL, pieces.append)
    peer.on(LINE, busy(), Fault.DROP, Reply(200, b"at last\n"))
    asker.download(CALL, pieces.append)
    assert (b"".join(pieces), len(asker.time.waits)) == (b"at last\n", 2)


def test_what_breaks_off_is_not_begun_anew(asker: Asker, peer: Peer) -> None:
    pieces: list[bytes] = []
    peer.on(LINE, Fault.CUT, Reply(200, b"whole\n"))
    with pytest.raises(sdk.Unreachable, match="broke off after 4 bytes"):
        asker.download(CALL, pieces.append)
    assert (b"".join(pieces), len(peer.asked)) == (b'{"cu', 1)


def test_what_cannot_be_written_ends_it(asker: Asker, peer: Peer) -> None:
    peer.on(LINE, Reply(200, b"whole\n"))

    def write(_: bytes) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        asker.download(CALL, write)
    asker.download(CALL, lambda _: None)


def test_a_slow_disk_holds_up_no_other_task(peer: Peer) -> None:
    peer.on(LINE, Reply(200, b"whole\n"))
    written: list[bytes] = []

    async def run() -> None:
        loop, turned = asyncio.get_running_loop(), threading.Event()

        def write(piece: bytes) -> None:
            loop.call_soon_threadsafe(turned.set)
            assert turned.wait(timeout=30), "the loop stood still"
            written.append(piece)

        async with AsyncClient(peer.url, TOKEN) as client:
            await client.download(CALL, write)

    asyncio.run(run())
    assert b"".join(written) == b"whole\n"
