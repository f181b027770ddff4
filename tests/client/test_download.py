"""What may be larger than memory is handed on as it comes: the export of the audit. Row K17."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_type_hints

import pytest

import keystead_client as sdk
from keystead_client import AsyncClient, Client, audit, credentials
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
    only = audit.Filter(object_id=made.id, verb="credential.disable")
    admin.download(audit.export(only=only), pieces.append)
    (line,) = b"".join(pieces).splitlines()
    assert json.loads(line)["entry"]["event"]["object"]["id"] == made.id
    allowed = audit.Filter(object_id=made.id, decision="allowed")
    table = admin.send(audit.export("csv", allowed))
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


def test_the_list_and_the_export_take_the_same_filters() -> None:
    only = audit.Filter(
        node=3,
        verb="secret.read",
        owner_id="own_1",
        credential_id="cred_1",
        object_id="acct_1",
        decision="refused",
        after=datetime(2026, 1, 1, tzinfo=UTC),
        before=datetime(2027, 1, 1, tzinfo=UTC),
    )
    asked = (
        ("node", "3"),
        ("verb", "secret.read"),
        ("owner", "own_1"),
        ("credential", "cred_1"),
        ("object", "acct_1"),
        ("decision", "refused"),
        ("after", "2026-01-01T00:00:00Z"),
        ("before", "2027-01-01T00:00:00Z"),
    )
    assert audit.export("csv", only).query == (("format", "csv"), *asked)
    listed = audit.find(only, since=audit.START, page_size=9)
    assert listed.query == (("since", "start"), *asked, ("page_size", "9"))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_no_other_call_is_downloaded(kind: type[Client | AsyncClient]) -> None:
    assert get_type_hints(kind.download)["call"] is sdk.Download
    assert isinstance(CALL, sdk.Download)


def never_run(client: Client) -> None:
    # The ignored error has to be one: `make check` complains of an ignore that is not needed.
    client.download(credentials.whoami(), print)  # type: ignore[arg-type]


def test_a_writer_that_blocks_holds_up_no_other_task(peer: Peer) -> None:
    peer.on(LINE, Reply(200, b"whole\n"))
    may_end = threading.Event()

    async def both() -> None:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def write(_: bytes) -> None:
            loop.call_soon_threadsafe(begun.set)
            assert may_end.wait(20), "the other task goes on"

        async def let_it_end() -> None:
            await begun.wait()
            may_end.set()

        async with AsyncClient(peer.url, TOKEN) as client:
            await asyncio.gather(client.download(CALL, write), let_it_end())

    asyncio.run(both())
    assert may_end.is_set()


@pytest.mark.parametrize("hidden", [False, True], ids=["plain", "hidden"])
def test_a_writer_may_be_awaited(peer: Peer, hidden: bool) -> None:
    whole = b"0123456789abcdef" * 65536
    peer.on(LINE, Reply(200, whole))
    found = bytearray()

    async def write(piece: bytes) -> None:
        await asyncio.sleep(0)
        found.extend(piece)

    class Hidden:
        async def __call__(self, piece: bytes) -> None:
            await write(piece)

    async def download() -> None:
        async with AsyncClient(peer.url, TOKEN) as client:
            await client.download(CALL, Hidden() if hidden else write)

    asyncio.run(download())
    assert found == whole
