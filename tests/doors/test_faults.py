"""What goes wrong beside every handler, or inside of one, is answered as everything else is."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any, NoReturn

import pytest
from litestar import get
from litestar.exceptions import HTTPException

from keystead.api import whoami
from keystead.serving import build
from keystead.settings import read_settings
from tests.doors.cast import V1, in_future
from tests.running import Server, installed

Told = tuple[int, dict[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new installation."""
    made = tmp_path_factory.mktemp("faults") / "data"
    installed(made)
    return made


def ask(data: Path, method: str, path: str, error: Exception) -> Told:
    """Ask an application in which a route of the framework's own stands, and fails."""

    @get("/broken")
    async def broken() -> None:
        raise error

    async def story() -> Told:
        served = build(read_settings(data))
        served.register(broken)
        async with served.lifespan():
            return await _asked(served, method, path)

    return asyncio.run(story())


async def _asked(served: Any, method: str, path: str, token: str = "") -> Told:  # noqa: ANN401
    sent: list[dict[str, Any]] = []
    presented = [(b"authorization", f"Bearer {token}".encode())] if token else []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 80),
        "headers": presented,
    }  # fmt: skip

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    await served(scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message["body"] for message in sent[1:])
    return sent[0]["status"], headers, json.loads(body)


@pytest.mark.parametrize("status", [500, 501, 502, 503, 507])
def test_a_fault_of_the_framework_is_a_fault_of_ours(
    data: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        error = HTTPException(detail="canary-7Wq9", status_code=status)
        found, headers, problem = ask(data, "GET", "/broken", error)
    assert (found, problem["code"]) == (500, "internal_error")
    assert headers["content-type"] == "application/problem+json"
    assert problem["request_id"] in caplog.text
    assert "canary-7Wq9" not in json.dumps(problem) + caplog.text


@pytest.mark.parametrize(
    ("status", "answered"),
    [
        (400, (400, "invalid_request")),
        (404, (404, "not_found")),
        (405, (405, "method_not_allowed")),
        (413, (413, "too_large")),
        (418, (400, "invalid_request")),
    ],
)
def test_a_refusal_of_the_framework_has_a_code_of_ours(
    data: Path, status: int, answered: tuple[int, str]
) -> None:
    error = HTTPException(detail="canary-7Wq9", status_code=status)
    found, headers, problem = ask(data, "GET", "/broken", error)
    assert (found, problem["code"]) == answered
    assert headers["keystead-request-id"] == problem["request_id"]
    assert "canary-7Wq9" not in json.dumps(problem)


def test_a_method_that_a_route_of_the_framework_does_not_take_is_405(data: Path) -> None:
    found, headers, problem = ask(data, "DELETE", "/broken", HTTPException())
    assert (found, problem["code"]) == (405, "method_not_allowed")
    assert "GET" in headers["allow"]


def test_a_fault_of_ours_still_tells_the_credentials_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, record = server.token("folders:list", expires_at=in_future(hours=1))

    def break_down(*_: object) -> NoReturn:
        raise RuntimeError(token)

    monkeypatch.setattr(whoami, "owner_ref", break_down)

    async def story() -> Told:
        served = build(read_settings(server.data))
        async with served.lifespan():
            return await _asked(served, "GET", f"{V1}/whoami", token)

    status, headers, problem = asyncio.run(story())
    assert (status, problem["code"]) == (500, "internal_error")
    assert headers["keystead-credential-expires"] == record["expires_at"]
    assert token not in json.dumps(problem)
