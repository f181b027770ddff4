"""Which calls are sent again, when and how often: with both clients, against a peer with faults."""

import asyncio
import re
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

import keystead_client as sdk
from keystead_client import AsyncClient, Call, Client, accounts, credentials, folders
from tests.client.asking import Asker, Make
from tests.client.peer import (
    FOLDER,
    TOKEN,
    WHOAMI,
    Fault,
    Peer,
    Reply,
    busy,
    problem,
    reply,
    running_peer,
    self_signed,
)

ASK = "GET /api/v1/whoami"
MAKE = "POST /api/v1/folders"
PROXY = Reply(503, b"<h1>No server</h1>", {"Content-Type": "text/html", "Retry-After": "2"})
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


@pytest.mark.parametrize(
    "fault",
    [busy(503), busy(429, "rate_limited"), PROXY, Fault.DROP, Fault.CUT],
    ids=["503", "429", "proxy", "dropped", "cut"],
)
def test_a_question_is_asked_again(asker: Asker, peer: Peer, fault: Reply | Fault) -> None:
    peer.on(ASK, fault, fault, reply(WHOAMI))
    assert asker.send(credentials.whoami()).owner.name == "Ada"
    assert len(peer.asked) == 3


def test_the_waits_grow_and_are_drawn_by_lot(asker: Asker, peer: Peer) -> None:
    peer.on(ASK, busy())
    with pytest.raises(sdk.Unavailable) as caught:
        asker.send(credentials.whoami())
    assert caught.value.code == "busy"
    assert len(peer.asked) == 4
    # Half of 0.5 s, of 1 s and of 2 s.
    assert asker.time.waits == [0.25, 0.5, 1.0]


def test_the_server_says_how_long_to_wait_at_least(asker: Asker, peer: Peer) -> None:
    peer.on(ASK, busy(429, "rate_limited", retry_after=7), reply(WHOAMI))
    asker.send(credentials.whoami())
    assert asker.time.waits == [7.25]


def test_a_wait_beyond_the_bound_is_not_begun(make: Make, peer: Peer) -> None:
    asker = make(peer.url, within=10.0)
    peer.on(ASK, busy(429, "rate_limited", retry_after=10))
    with pytest.raises(sdk.Unavailable) as caught:
        asker.send(credentials.whoami())
    assert caught.value.retry_after == 10
    assert (len(peer.asked), asker.time.waits) == (1, [])


def test_the_bound_is_on_the_whole_call(make: Make, peer: Peer) -> None:
    asker = make(peer.url, times=100, within=10.0)
    peer.on(ASK, busy(retry_after=3))
    with pytest.raises(sdk.Unavailable):
        asker.send(credentials.whoami())
    # 3.25 and 3.5 are over; the third would end at 10.75.
    assert asker.time.waits == [3.25, 3.5]


@pytest.mark.parametrize("wait", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1.5", "9" * 20])
def test_a_time_to_wait_that_is_no_number_of_seconds_is_not_one(
    asker: Asker, peer: Peer, wait: str
) -> None:
    found = busy()
    peer.on(ASK, Reply(503, found.body, {**found.headers, "Retry-After": wait}), reply(WHOAMI))
    asker.send(credentials.whoami())
    assert asker.time.waits == [0.25]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 412, 500, 502])
def test_other_answers_are_final(asker: Asker, peer: Peer, status: int) -> None:
    peer.on(ASK, problem(status, "some_code"))
    with pytest.raises(sdk.KeysteadError):
        asker.send(credentials.whoami())
    assert len(peer.asked) == 1


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.CUT, PROXY], ids=["drop", "cut", "proxy"])
@pytest.mark.parametrize(
    "call",
    [
        folders.create("ops"),
        folders.edit("fold_1", name="x"),
        folders.delete("fold_1"),
        accounts.write("acct_1", {"password": sdk.Secret("x")}),
    ],
    ids=lambda call: call.method,
)
def test_a_change_that_may_have_been_made_is_sent_again_as_the_same_one(
    asker: Asker, peer: Peer, call: Call[object], fault: Reply | Fault
) -> None:
    found = {**FOLDER, "account_id": "acct_1", "version": 2}
    peer.on(f"{call.method} /api/v1{call.path}", fault, fault, reply(found))
    asker.send(call)
    assert len(peer.asked) == 3
    first = peer.asked[0]
    assert all((each.headers, each.body) == (first.headers, first.body) for each in peer.asked)


def test_a_change_is_not_sent_again_once_its_key_may_be_forgotten(make: Make, peer: Peer) -> None:
    asker = make(peer.url, times=100, within=3600.0)
    peer.on(MAKE, busy(retry_after=400))
    with pytest.raises(sdk.Unavailable):
        asker.send(folders.create("ops"))
    # The server knows it for 15 minutes; a third wait would end after 20.
    assert asker.time.waits == [400.25, 400.5]
    peer.on(ASK, busy(retry_after=400))
    with pytest.raises(sdk.Unavailable):
        asker.send(credentials.whoami())
    assert len(asker.time.waits) == 2 + 8, "a question may be asked at any time"


def test_a_change_that_was_not_made_is_sent_again_as_the_same_one(asker: Asker, peer: Peer) -> None:
    peer.on(MAKE, busy(503), busy(429, "rate_limited"), reply(FOLDER, 201))
    asker.send(folders.create("ops"))
    asked = peer.asked
    keys = {each.headers["idempotency-key"] for each in asked}
    assert len(asked) == 3
    assert len(keys) == 1
    assert KEY.fullmatch(keys.pop())
    assert {each.body for each in asked} == {b'{"name": "ops"}'}


def test_each_change_has_a_key_of_its_own_and_a_question_has_none(asker: Asker, peer: Peer) -> None:
    peer.on(MAKE, reply(FOLDER, 201))
    peer.on(ASK, reply(WHOAMI))
    call = folders.create("ops")
    asker.send(call)
    asker.send(call)
    asker.send(credentials.whoami())
    first, second, question = peer.asked
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    assert "idempotency-key" not in question.headers


def test_what_was_never_sent_is_sent_when_the_server_is_back(make: Make) -> None:
    with running_peer() as gone:
        port = int(gone.url.rpartition(":")[2])
    asker = make(gone.url)
    with ExitStack() as stack:

        def come_back() -> None:
            peer = stack.enter_context(running_peer(port))
            peer.on(MAKE, reply(FOLDER, 201))

        asker.time.after_wait = come_back
        assert asker.send(folders.create("ops")).name == "ops"
    assert asker.time.waits == [0.25]


def test_nobody_listening_is_unreachable_after_all_attempts(make: Make) -> None:
    asker = make("http://127.0.0.1:9")
    with pytest.raises(sdk.Unreachable, match="Connection refused"):
        asker.send(credentials.whoami())
    assert len(asker.time.waits) == 3


def test_retries_can_be_turned_off(make: Make, peer: Peer) -> None:
    asker = make(peer.url, times=0)
    peer.on(ASK, busy())
    with pytest.raises(sdk.Unavailable):
        asker.send(credentials.whoami())
    assert len(peer.asked) == 1


def test_a_silent_server_is_waited_for_no_longer_than_said(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asker = make(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        with pytest.raises(sdk.Unreachable, match=r"within 0\.2 s"):
            asker.send(credentials.whoami())
    assert asker.time.waits == []


def test_a_certificate_that_nobody_vouches_for_is_not_tried_again(
    make: Make, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with running_peer(tls=context) as peer:
        stranger = make(peer.url)
        with pytest.raises(sdk.Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.send(credentials.whoami())
        assert (peer.asked, stranger.time.waits) == ([], [])
        peer.on(ASK, reply(WHOAMI))
        knowing = make(peer.url, ca_file=tmp_path / "peer.pem")
        assert knowing.send(credentials.whoami()).owner.name == "Ada"


def test_every_page_of_a_list_has_its_own_attempts(asker: Asker, peer: Peer) -> None:
    first = {"items": [FOLDER], "next_page_token": "2"}
    peer.on("GET /api/v1/folders", busy(), busy(), reply(first))
    peer.on("GET /api/v1/folders?page_token=2", busy(), busy(), reply({"items": [FOLDER]}))
    assert [each.name for each in asker.walk(folders.find())] == ["ops", "ops"]


def test_a_task_that_is_cancelled_stops_waiting(peer: Peer) -> None:
    peer.on(ASK, busy())

    async def give_up() -> None:
        waits = asyncio.Event()

        async def wait(seconds: float) -> None:
            waits.set()
            await asyncio.Event().wait()

        async with AsyncClient(peer.url, TOKEN) as client:
            client._sleep = wait
            task = asyncio.create_task(client.send(credentials.whoami()))
            await waits.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(give_up())
    assert len(peer.asked) == 1


def test_many_tasks_and_many_threads_use_one_client(peer: Peer) -> None:
    peer.on(ASK, reply(WHOAMI))

    async def ask_at_once() -> None:
        async with AsyncClient(peer.url, TOKEN) as client:
            await asyncio.gather(*[client.send(credentials.whoami()) for _ in range(20)])

    asyncio.run(ask_at_once())
    with Client(peer.url, TOKEN) as client, ThreadPoolExecutor(5) as pool:
        list(pool.map(client.send, [credentials.whoami()] * 20))
    assert len(peer.asked) == 40
