"""What is held back, and what runs long, is judged anew when its time has come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from keystead.core.clock import SECOND, Instant, SystemClock
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.operations.audit import list_events
from keystead.ports.audit import AuditQuery
from keystead.serving import build
from keystead.settings import read_settings
from keystead.upkeep import system_arrival
from tests.doors.cast import ALL, V1, in_future, ok
from tests.running import Server, running


def entries(server: Server, query: str) -> list[dict[str, Any]]:
    """Return audit entries."""
    return list(ok(server.call("GET", f"{V1}/audit/events?{query}"))["items"])


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> Instant:
        return Instant(SystemClock().now() + self.ahead)


Ask = Callable[..., Awaitable[tuple[int, dict[str, str], list[bytes], bool]]]


def asked(
    served: Any,  # noqa: ANN401  # ASGI's own types are looser
    receive: Callable[[], Awaitable[dict[str, Any]]],
    method: str,
    path: str,
    token: str,
    *,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    on_part: Callable[[], None] = lambda: None,
) -> Awaitable[tuple[int, list[bytes], bool]]:
    """Ask the application itself; return the status, the body's parts, and whether it came to its end."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path.partition("?")[0], "raw_path": path.partition("?")[0].encode(),
        "root_path": "",
        "query_string": path.partition("?")[2].encode(), "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
        "headers": [(b"authorization", f"Bearer {token}".encode()), *headers],
    }  # fmt: skip

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and message["more_body"]:
            on_part()

    async def ask() -> tuple[int, list[bytes], bool]:
        await served(scope, receive, send)
        parts = [message["body"] for message in sent[1:]]
        ended = len(sent) > 1 and not sent[-1]["more_body"]
        return sent[0]["status"], parts, ended

    return ask()


async def nothing_more() -> dict[str, Any]:
    """Bring a client who has sent everything, and waits."""
    await asyncio.Event().wait()
    raise AssertionError


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own, whose audit it fills."""
    with running(tmp_path_factory.mktemp("own") / "data") as found:
        yield found


def test_a_body_that_is_held_back_is_judged_when_it_is_here(own: Server) -> None:
    token, record = own.token(*ALL, expires_at=in_future(hours=1))
    hands = Hands()

    async def hold_back() -> dict[str, Any]:
        hands.ahead = 2 * 3600 * SECOND
        return {"type": "http.request", "body": b'{"name": "late"}', "more_body": False}

    async def story() -> tuple[int, list[bytes], bool]:
        served = build(read_settings(own.data), hands)
        async with served.lifespan():
            headers = ((b"content-type", b"application/json"), (b"content-length", b"16"))
            return await asked(served, hold_back, "POST", f"{V1}/folders", token, headers=headers)

    status, parts, _ = asyncio.run(story())
    assert (status, json.loads(b"".join(parts))["code"]) == (401, "credential_expired")
    (entry,) = entries(own, f"credential={record['id']}&decision=refused")
    assert entry["at"] > in_future(hours=1)


def _fill_audit(own: Server) -> None:
    async def fill() -> None:
        house = House(read_settings(own.data), SystemClock())
        try:
            await asyncio.gather(
                *(
                    house.gate.perform(
                        list_events, Visit(system_arrival(SystemClock())), AuditQuery(), None, 1
                    )
                    for _ in range(1200)
                )
            )
        finally:
            await house.close()

    asyncio.run(fill())


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_is_cut_when_its_credential_ends(own: Server, form: str) -> None:
    _fill_audit(own)
    token, record = own.token(*ALL, expires_at=in_future(hours=1))
    hands = Hands()

    def pass_time() -> None:
        hands.ahead = 2 * 3600 * SECOND

    async def story() -> tuple[int, list[bytes], bool]:
        served = build(read_settings(own.data), hands)
        async with served.lifespan():
            path = f"{V1}/audit/export?format={form}"
            return await asked(served, nothing_more, "GET", path, token, on_part=pass_time)

    status, parts, ended = asyncio.run(story())
    assert (status, ended) == (200, False)
    assert len(parts) == 1
    codes = [e["code"] for e in entries(own, f"credential={record['id']}&decision=refused")]
    assert codes == ["credential_expired"]


def test_a_whole_export_comes_to_its_end(own: Server) -> None:
    answer = own.call("GET", f"{V1}/audit/export?format=jsonl")
    assert answer.status == 200
    assert answer.body.endswith(b"\n")
    assert "head" in answer.body.decode().splitlines()[-1] or answer.body.count(b"\n") > 1


def test_a_verification_is_refused_when_its_credential_ends(own: Server) -> None:
    token, _ = own.token(*ALL, expires_at=in_future(hours=1))
    ticks = iter(range(10**6))

    class Strides(Hands):
        def now(self) -> Instant:
            return Instant(SystemClock().now() + next(ticks) * 3601 * SECOND)

    async def story() -> tuple[int, list[bytes], bool]:
        hands = Hands()
        served = build(read_settings(own.data), hands)
        async with served.lifespan():
            strides = Strides()
            hands.now = strides.now  # type: ignore[method-assign]  # from here on, each look is an hour on
            return await asked(served, nothing_more, "GET", f"{V1}/audit/verify", token)

    status, parts, _ = asyncio.run(story())
    assert (status, json.loads(b"".join(parts))["code"]) == (401, "credential_expired")


def test_a_drop_in_the_bucket_now_and_then_is_not_waited_for(own: Server) -> None:
    from keystead.web import bodies  # noqa: PLC0415  # its patience is shortened here

    async def story() -> tuple[int, list[bytes], bool]:
        served = build(read_settings(own.data))
        async with served.lifespan():
            headers = ((b"content-length", b"16"),)
            return await asked(
                served, nothing_more, "POST", f"{V1}/folders", own.admin_token, headers=headers
            )

    with pytest.MonkeyPatch.context() as patience:
        patience.setattr(bodies, "READ_SECONDS", 0.1)
        status, parts, _ = asyncio.run(story())
    assert (status, json.loads(b"".join(parts))["code"]) == (408, "request_timeout")
