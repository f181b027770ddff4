"""Each code that an answer can carry is produced through HTTP, with its status, headers and shape."""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Final

import pytest

from keystead.serving import build
from keystead.settings import read_settings
from keystead.store.sqlite import connection
from keystead.web import bodies
from keystead.web.refusals import STATUS
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import V1, application, in_future, ok, problem, told, unknown_token
from tests.running import Answer, Served, Server, running

NOT_YET: Final[frozenset[str]] = frozenset()
"""Codes of the table that nothing can produce yet; this list may only shrink."""

ELSEWHERE: Final = {"not_fresh": "test_nodes.py"}

Produce = Callable[[Served], Answer]


def _whoami_as(**more: object) -> Produce:
    def produce(server: Served) -> Answer:
        token, _ = server.token("folders:list", **more)
        return server.call("GET", f"{V1}/whoami", token=token)

    return produce


def _after(act: str) -> Produce:
    def produce(server: Served) -> Answer:
        token, record = server.token("folders:list", expires_at=in_future(days=2))
        ok(server.call("POST", f"{V1}/credentials/{record['id']}/{act}"))
        return server.call("GET", f"{V1}/whoami", token=token)

    return produce


def _expired(clocked: Clocked) -> Answer:
    end = clocked.after(minutes=1)
    token, _ = clocked.token("folders:list", expires_at=end)
    clocked.set(end)
    return clocked.call("GET", f"{V1}/whoami", token=token)


def _owner_disabled(server: Served) -> Answer:
    owner = application(server)
    token, _ = server.token("folders:list", owner_id=owner["id"])
    ok(server.call("PATCH", f"{V1}/owners/{owner['id']}", {"state": "disabled"}))
    return server.call("GET", f"{V1}/whoami", token=token)


def _name_taken(server: Served) -> Answer:
    return server.call("POST", f"{V1}/folders", {"name": server.folder()["name"].upper()})


def _wrong_state(server: Served) -> Answer:
    folder = server.folder()
    server.account(folder["id"])
    return server.call("DELETE", f"{V1}/folders/{folder['id']}")


def _idempotency_mismatch(server: Served) -> Answer:
    def make() -> Answer:
        headers = {"Idempotency-Key": "one-key"}
        body = {"name": server.unique("folder")}
        return server.call("POST", f"{V1}/folders", body, headers=headers)

    assert make().status == 201
    return make()


def _cas_mismatch(server: Served) -> Answer:
    account = server.account(server.folder()["id"])
    body = {"fields": {"password": "new"}, "cas": 7}
    return server.call("PUT", f"{V1}/accounts/{account['id']}/secret", body)


def _insufficient_scope(server: Served) -> Answer:
    token, _ = server.token("folders:list")
    return server.call("GET", f"{V1}/owners", token=token)


def _wrong_password(server: Served) -> Answer:
    given = {"current": "no, not this one", "new": "nine troubled waters"}
    return server.call("POST", f"{V1}/self/password", given)


def _rate_limited(server: Served) -> Answer:
    # Sixty a minute are answered; the minute may turn once in between.
    for _ in range(130):
        answer = server.call("GET", f"{V1}/whoami", token=unknown_token(), source="127.0.9.9")
        if answer.status == 429:
            return answer
    pytest.fail("nothing is too often")


def _raw(method: str, path: str, body: bytes, media: str = "application/json") -> Produce:
    return lambda server: server.call(method, V1 + path, raw=body, headers={"Content-Type": media})


def _headers_too_large(server: Served) -> Answer:
    return server.call("GET", f"{V1}/whoami", headers={"X-Long": "a" * 33_000})


def _inside(client: tuple[str, int] | None, **token: object) -> Produce:
    """Ask the application itself, as a peer that loopback cannot be."""

    def produce(server: Served) -> Answer:
        text, _ = server.token("folders:list", **token)
        return asyncio.run(_ask(server, client, text))

    return produce


async def _ask(server: Served, client: tuple[str, int] | None, token: str) -> Answer:
    served = build(read_settings(server.data, exposed_listener=True))
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"{V1}/whoami",
        "raw_path": f"{V1}/whoami".encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
        "client": client,
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with served.lifespan():
        await served(scope, receive, send)  # type: ignore[arg-type]  # ASGI's own types are looser
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], headers, body)


CODES: Final[dict[str, Produce]] = {
    "invalid_request": _raw("POST", "/folders", b"{"),
    "token_in_query": lambda server: server.call("GET", f"{V1}/whoami?token=x"),
    "missing_credential": lambda server: server.call("GET", f"{V1}/whoami", token=None),
    "invalid_credential": lambda server: server.call("GET", f"{V1}/whoami", token="kst_typo"),
    "credential_revoked": _after("revoke"),
    "credential_disabled": _after("disable"),
    "credential_not_yet_valid": _whoami_as(not_before=in_future(days=1)),
    "owner_disabled": _owner_disabled,
    "cookie_auth_not_allowed": lambda server: server.call(
        "GET", f"{V1}/whoami", token=None, headers={"Cookie": "keystead_session=x"}
    ),
    "network_denied": _whoami_as(networks=["192.0.2.0/24"]),
    "insufficient_scope": _insufficient_scope,
    "wrong_password": _wrong_password,
    "tls_required": _inside(("192.0.2.7", 50_000)),
    "not_found": lambda server: server.call("GET", f"{V1}/folders/fold_000000000000"),
    "method_not_allowed": lambda server: server.call("PUT", f"{V1}/folders"),
    "headers_too_large": _headers_too_large,
    "unsupported_coding": lambda server: server.call(
        "POST", f"{V1}/folders", raw=b"", headers={"Transfer-Encoding": "gzip, chunked"}
    ),
    "name_taken": _name_taken,
    "wrong_state": _wrong_state,
    "idempotency_mismatch": _idempotency_mismatch,
    "cas_mismatch": _cas_mismatch,
    "too_large": _raw("POST", "/folders", b" " * 1_048_577),
    "unsupported_media_type": _raw("POST", "/folders", b"{}", "text/plain"),
    "rate_limited": _rate_limited,
    "network_undecided": _inside(None, networks=["192.0.2.0/24"]),
}


@pytest.fixture(scope="module")
def ailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose files are about to fail it."""
    with running(tmp_path_factory.mktemp("ailing") / "data") as found:
        yield found


def _internal_error(server: Served) -> Answer:
    _, record = server.token("folders:list")
    with closing(sqlite3.connect(server.data / "keystead.db")) as database:
        database.execute(
            "UPDATE credentials SET access = 'canary-in-the-row' WHERE id = ?", [record["id"]]
        )
        database.commit()
    try:
        return server.call("GET", f"{V1}/credentials/{record['id']}")
    finally:
        with closing(sqlite3.connect(server.data / "keystead.db")) as database:
            database.execute("UPDATE credentials SET access = '[]' WHERE id = ?", [record["id"]])
            database.commit()


def _audit_full(server: Server) -> Answer:
    account = server.account(server.folder()["id"])
    before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        return server.call("GET", f"{V1}/accounts/{account['id']}/secret")
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
        assert server.call("GET", f"{V1}/accounts/{account['id']}/secret").status == 200


def _audit_broken(server: Served) -> Answer:
    with closing(sqlite3.connect(server.data / "keystead.db", isolation_level=None)) as database:
        (digest,) = database.execute("SELECT digest FROM audit_heads").fetchone()
        database.execute("UPDATE audit_heads SET digest = zeroblob(32)")
        try:
            return server.call("POST", f"{V1}/folders", {"name": server.unique("folder")})
        finally:
            database.execute("UPDATE audit_heads SET digest = ?", [digest])


AILING: Final[dict[str, Callable[[Server], Answer]]] = {
    "internal_error": _internal_error,
    "audit_full": _audit_full,
    "audit_broken": _audit_broken,
}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """A server that waits for nobody as long as others do."""
    with pytest.MonkeyPatch.context() as patience:
        patience.setattr(bodies, "READ_SECONDS", 0.05)
        patience.setattr(connection, "_BUSY_MS", 50)
        with running_clocked(tmp_path_factory.mktemp("hasty") / "data") as found:
            yield found


def _request_timeout(server: Served) -> Answer:
    # The length is told, the body held back.
    held = {"Content-Type": "application/json", "Content-Length": "9"}
    return server.call("POST", f"{V1}/folders", raw=b"", headers=held)


def _busy(server: Served) -> Answer:
    with closing(sqlite3.connect(server.data / "keystead.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        return server.call("POST", f"{V1}/folders", {"name": server.unique("folder")})


HASTY: Final[dict[str, Produce]] = {"request_timeout": _request_timeout, "busy": _busy}


def _check(code: str, answer: Answer) -> None:
    assert problem(answer) == (STATUS[code], code), answer.body
    shape = answer.json()
    assert set(shape) - {"errors"} == {
        "type", "title", "status", "code", "detail", "request_id"
    }  # fmt: skip
    assert shape["status"] == answer.status
    assert shape["title"]
    assert shape["detail"]
    assert shape["request_id"] == answer.headers["keystead-request-id"]
    assert answer.headers["cache-control"] == "no-store"
    challenge = answer.headers.get("www-authenticate")
    assert challenge == ('Bearer realm="keystead", Token' if answer.status == 401 else None)
    assert ("retry-after" in answer.headers) == (answer.status in {429, 503})
    if answer.status in {429, 503}:
        assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_every_code_of_the_table_is_produced_here() -> None:
    assert {"credential_expired", *CODES, *AILING, *HASTY, *ELSEWHERE} | NOT_YET == set(STATUS)


@pytest.mark.parametrize("code", CODES)
def test_a_code_comes_with_its_status_headers_and_shape(server: Server, code: str) -> None:
    _check(code, CODES[code](server))


def test_an_end_that_has_come_is_told(clocked: Clocked) -> None:
    _check("credential_expired", _expired(clocked))


@pytest.mark.parametrize("code", HASTY)
def test_what_kept_a_server_waiting_is_told(hasty: Clocked, code: str) -> None:
    _check(code, HASTY[code](hasty))
    assert hasty.call("POST", f"{V1}/folders", {"name": hasty.unique("after")}).status == 201


@pytest.mark.parametrize("code", AILING)
def test_a_failing_machine_is_told_as_such(ailing: Server, code: str) -> None:
    _check(code, AILING[code](ailing))
    assert ailing.call("POST", f"{V1}/folders", {"name": ailing.unique("after")}).status == 201
    assert ok(ailing.call("GET", f"{V1}/audit/verify"))["intact"] is True
    assert "canary-in-the-row" not in ailing.log.read_text()


def test_a_good_credential_is_served_where_others_failed_too_often(server: Server) -> None:
    assert _rate_limited(server).status == 429
    assert server.call("GET", f"{V1}/whoami", source="127.0.9.9").status == 200


def test_malformed_and_unknown_tokens_are_one_answer(server: Server) -> None:
    answers = {
        told(server.call("GET", f"{V1}/whoami", token=token, source="127.0.9.10"))
        for token in ("x", "kst_", "é", "kst_" + "0" * 61, unknown_token(), "a" * 4000)
    }
    assert len(answers) == 1


def test_every_answer_to_a_credential_tells_its_end(server: Server) -> None:
    end = in_future(days=3)
    token, record = server.token("folders:list", "folders:edit", expires_at=end)
    folder = server.folder()
    for method, path, body, status in (
        ("GET", "/whoami", None, 200),
        ("GET", "/folders?page_size=0", None, 400),
        ("GET", "/folders?nonsense=1", None, 400),
        ("GET", "/whoami?nonsense=1", None, 400),
        ("POST", "/folders", {"name": ""}, 400),
        ("GET", "/owners", None, 403),
        ("GET", "/folders/fold_000000000000", None, 404),
        ("POST", "/folders", {"name": folder["name"]}, 409),
        ("POST", "/folders", {"name": server.unique("new")}, 201),
    ):
        answer = server.call(method, V1 + path, body, token=token)
        assert answer.status == status, (path, answer.body)
        assert answer.headers["keystead-credential-expires"] == record["expires_at"], path
    ok(server.call("POST", f"{V1}/credentials/{record['id']}/revoke"))
    revoked = server.call("GET", f"{V1}/whoami", token=token)
    assert revoked.status == 401
    assert revoked.headers["keystead-credential-expires"] == record["expires_at"]


def test_a_credential_without_end_is_told_none(server: Server) -> None:
    assert "keystead-credential-expires" not in server.call("GET", f"{V1}/whoami").headers


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/folders?page_size=0", None),
        ("GET", "/whoami?nonsense=1", None),
        ("POST", "/folders", {"nonsense": 1}),
        ("POST", "/credentials", {}),
        ("POST", "/self/revoke", {"nonsense": 1}),
    ],
)
def test_a_stranger_learns_nothing_of_what_a_route_takes(
    server: Server, method: str, path: str, body: object
) -> None:
    for token, code in ((None, "missing_credential"), ("kst_typo", "invalid_credential")):
        answer = server.call(method, V1 + path, body, token=token, source="127.0.9.11")
        assert problem(answer) == (401, code)
    narrow, _ = server.token("self:rotate")
    if path != "/self/revoke" and "whoami" not in path:
        answer = server.call(method, V1 + path, body, token=narrow)
        assert problem(answer) == (403, "insufficient_scope")


def test_an_unknown_parameter_is_named_as_it_was_sent(server: Server) -> None:
    answer = server.call("GET", f"{V1}/folders?%E2%98%83=1")
    assert problem(answer) == (400, "invalid_request")
    assert json.loads(answer.body)["errors"] == [
        {"field": "☃", "message": "is no field of this request"}
    ]
