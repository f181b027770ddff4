"""A planted secret, issued tokens and the administrator's password are found nowhere they were not sent."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest

from tests.crash.nodes import found
from tests.doors.cast import ALL, V1, application, in_future, ok, path_of, until
from tests.doors.importing import IMPORT, digest_of, imported, item
from tests.doors.registering import access, register
from tests.oauth.asking import ask, client, exchanged, post
from tests.oauth.asking import key as oauth_key
from tests.oauth.signing import signing
from tests.running import Answer, Server, running, start
from tests.store.servers import own_schema, require_server, sql_of

CANARIES: Final = (
    "CANARY-first-9fQ2-value",
    "CANARY-second-9fQ2-\u00e9\u4e16",
    "CANARY-malformed-9fQ2",
    "CANARY-wrong-type-9fQ2",
    "CANARY-oversized-9fQ2",
    "CANARY-bearer-9fQ2",
    "CANARY-password-9fQ2",
    "CANARY-\u00e9\u4e16-new-password-9fQ2",
    "CANARY-9fQ2",
    "CANARY-guessed-9fQ2",
)


@dataclass(slots=True)
class Suite:
    """What was planted, every answer that may not hold it, and the address of the database server, if any."""

    server: Server
    url: str = ""
    tokens: list[str] = field(default_factory=list)
    refusals: list[Answer] = field(default_factory=list)
    exports: list[Answer] = field(default_factory=list)

    @property
    def planted(self) -> list[str]:
        return [*CANARIES, *self.tokens, self.server.admin_token, self.server.admin_password]

    def bad(self, method: str, path: str, body: object = None, **more: Any) -> None:  # noqa: ANN401
        answer = self.server.call(method, path, body, **more)
        assert answer.status >= 400, (path, answer.status)
        self.refusals.append(answer)


@contextmanager
def _in_postgresql(data: Path) -> Iterator[Suite]:
    require_server()
    with own_schema() as url:
        server = start(data, found(data, url))
        try:
            yield Suite(server, url)
        finally:
            server.stop()


@contextmanager
def _in_sqlite(data: Path) -> Iterator[Suite]:
    with running(data) as server:
        yield Suite(server)


@pytest.fixture(
    scope="module",
    params=[_in_sqlite, pytest.param(_in_postgresql, marks=pytest.mark.postgresql)],
    ids=["sqlite", "postgresql"],
)
def suite(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Suite]:
    with request.param(tmp_path_factory.mktemp("canary") / "data") as planted:
        server = planted.server
        _good(planted)
        _bad(planted)
        for form in ("jsonl", "csv"):
            planted.exports.append(server.call("GET", f"{V1}/audit/export?format={form}"))
        planted.exports.append(server.call("GET", f"{V1}/audit/events?page_size=200"))
        planted.exports.append(server.call("GET", f"{V1}/audit/verify"))
        _let_counts_be_written(server)
        yield planted


def _let_counts_be_written(server: Server) -> None:
    itself = ok(server.call("GET", f"{V1}/whoami"))["credential"]["id"]
    since = in_future()

    def written() -> bool:
        used = ok(server.call("GET", f"{V1}/credentials/{itself}"))["last_used"]
        return used is not None and used["at"] > since

    until(written)


def _good(suite: Suite) -> None:
    server = suite.server
    folder = server.folder()
    fields = {"password": CANARIES[0], "key": CANARIES[1]}
    account = server.account(folder["id"], fields=fields)
    token, record = server.token(*ALL)
    suite.tokens.append(token)
    secret = f"{V1}/accounts/{account['id']}/secret"
    assert ok(server.call("GET", secret, token=token))["fields"] == fields
    path = f"{V1}/secrets/{path_of(folder['name'], account['name'])}"
    text = server.call("GET", path, token=token, headers={"Accept": "text/plain"})
    assert text.body.decode() == CANARIES[0]
    ok(server.call("PUT", secret, {"fields": {"password": CANARIES[1]}}, token=token))
    for overlap in (60, 0):
        rotated = server.call(
            "POST", f"{V1}/credentials/{record['id']}/rotate", {"overlap_seconds": overlap}
        )
        suite.tokens.append(ok(rotated)["secret"])
    suite.tokens.append(
        ok(server.call("POST", f"{V1}/self/rotate", token=suite.tokens[-1]))["secret"]
    )
    wanted = {"kind": "api_token", "name": "kept", "expires_at": None, "scopes": ["folders:list"]}
    for _ in range(2):
        kept = server.call("POST", f"{V1}/credentials", wanted, headers={"Idempotency-Key": "k"})
        suite.tokens.append(ok(kept, 201)["secret"])
    assert suite.tokens[-1] == suite.tokens[-2]
    ok(server.call("PUT", secret, {"fields": fields}, headers={"Idempotency-Key": "w"}))
    owned, _ = server.token("folders:list", owner_id=application(server)["id"])
    suite.tokens.append(owned)
    _imports(suite)
    _oauth(suite)
    _passwords(suite)
    doomed = server.account(folder["id"], fields={"password": CANARIES[0]})
    ok(server.call("DELETE", f"{V1}/accounts/{doomed['id']}"), 204)


def _imports(suite: Suite) -> None:
    server = suite.server
    token, record = imported(server)
    # Nor what it is known by; and not last, as below.
    suite.tokens[:0] = [token, digest_of(token)]
    for scheme in ("Token", "Bearer"):
        sent = {"Authorization": f"{scheme} {token}"}
        ok(server.call("GET", f"{V1}/whoami", token=None, headers=sent))
    ok(server.call("POST", f"{V1}/verify", {"token": token, "audience": "keystead"}))
    suite.exports.append(server.call("GET", f"{V1}/credentials/{record['id']}"))
    for wrong in (
        {"sha256": token},
        {"sha256": [token]},
        {"token": token},
        {"networks": [digest_of(token)]},
        {},
    ):
        suite.bad("POST", IMPORT, {"items": [{**item(server, token), **wrong}]})
    ok(server.call("DELETE", f"{V1}/credentials/{record['id']}"), 204)
    suite.bad("GET", f"{V1}/whoami", token=token)


def _oauth(suite: Suite) -> None:
    """Secrets of clients and keys, opaque and signed tokens that they are given, and what a client signs."""
    server, planted = suite.server, []
    api = register(server, token_format="jwt")
    held: dict[str, Any] = {
        "access": [access(api, "scan:read"), {"api": "keystead", "scopes": ["folders:list"]}]
    }
    signer = signing(server, **held)
    for each in (client(server, **held), oauth_key(server, **held)):
        planted.append(each.secret)
        planted += [
            exchanged(server, each, {"resource": resource})
            for resource in (api["identifier"], server.url)
        ]
        wrong = replace(each, secret=each.secret[:-1] + "x")
        suite.refusals.append(ask(server, wrong))
        suite.refusals.append(ask(server, each, {"scope": planted[-1]}))
    assertion = signer.assertion()
    planted += [assertion, ok(signer.ask(assertion))["access_token"]]
    suite.refusals += [signer.ask(assertion), signer.ask(assertion[:-4] + "AAAA")]
    by = f"Bearer {server.admin_token}"
    for token in list(planted):
        for path in ("/oauth/introspect", "/oauth/revoke"):
            post(server, path, {"token": token}, authorization=by)
        ok(server.call("POST", f"{V1}/verify", {"token": token, "audience": api["identifier"]}))
        suite.bad("POST", f"{V1}/verify", {"token": "x", "audience": f"\0{token}"})
    # Not last: that one is presented as a token further down.
    suite.tokens[:0] = planted


def _passwords(suite: Suite) -> None:
    server, given = suite.server, {"password": CANARIES[6]}
    wanted = {"kind": "user", "name": "Canary", "login": "canary", **given}
    somebody = f"{V1}/owners/{ok(server.call('POST', f'{V1}/owners', wanted), 201)['id']}"
    suite.exports.append(server.call("PATCH", somebody, {"password": CANARIES[7]}))
    made = ok(server.call("PATCH", somebody, {"generate_password": True}))
    # Not last: that one is presented as a token further down.
    suite.tokens.insert(0, made["password"])
    changed = {"current": server.admin_password, "new": CANARIES[6]}
    ok(server.call("POST", f"{V1}/self/password", changed), 204)
    for wrong in (
        {"password": CANARIES[8]},
        {"password": [CANARIES[6]]},
        {"password": CANARIES[6], "generate_password": CANARIES[6]},
        {"password": CANARIES[6] + "x" * 2000},
    ):
        suite.bad("PATCH", somebody, wrong)
        suite.bad("POST", f"{V1}/owners", {"kind": "user", "login": "canary", **wrong})
    for current, new in (
        (CANARIES[9], CANARIES[7]),
        (CANARIES[6], CANARIES[8]),
        (CANARIES[6], CANARIES[6]),
        ([CANARIES[6]], CANARIES[7]),
    ):
        suite.bad("POST", f"{V1}/self/password", {"current": current, "new": new})


def _bad(suite: Suite) -> None:
    server, token = suite.server, suite.tokens[-1]
    folder = server.folder()["id"]
    account = server.account(folder)
    secret = f"{V1}/accounts/{account['id']}/secret"
    malformed = f'{{"fields": {{"password": "{CANARIES[2]}"'.encode()
    suite.bad("PUT", secret, raw=malformed, headers={"Content-Type": "application/json"})
    suite.bad("PUT", secret, raw=malformed, headers={"Content-Type": "text/plain"})
    for wrong in (
        {"fields": {"password": [CANARIES[3]]}},
        {"fields": CANARIES[3]},
        {"fields": {"pass word": CANARIES[3]}},
        {"fields": {"password": CANARIES[3]}, "cas": CANARIES[3]},
        {"fields": {"password": CANARIES[3]}, "cas": 99},
        {"fields": {"password": CANARIES[3]}, "value": CANARIES[3]},
        {"password": CANARIES[3]},
        {"fields": {"password": CANARIES[4] + "x" * 70_000}},
        {"fields": {"password": CANARIES[4] + "x" * 1_100_000}},
    ):
        suite.bad("PUT", secret, wrong)
    taken = {"folder_id": folder, "name": account["name"], "fields": {"password": CANARIES[3]}}
    suite.bad("POST", f"{V1}/accounts", taken)
    for field_name in ("kind", "expires_at", "networks", "scopes", "metadata", "owner_id"):
        suite.bad("POST", f"{V1}/credentials", {field_name: CANARIES[3], "name": "a"})
    for narrow in (token, CANARIES[5], token[:-1], token + "x"):
        suite.bad("GET", secret, token=narrow)
    for query in (f"?token={token}", f"?{token}", f"?q={token}"):
        suite.bad("GET", f"{V1}/folders{query}", token=None)
    suite.bad("GET", f"{V1}/whoami", headers={"X-API-Key": token})
    suite.bad("GET", f"{V1}/folders/{token}")
    suite.bad("GET", f"/{token}")
    basic = base64.b64encode(f"admin:{server.admin_password}".encode()).decode()
    suite.bad("GET", f"{V1}/whoami", token=None, headers={"Authorization": f"Basic {basic}"})
    cookie = {"Cookie": f"session={token}"}
    suite.bad("GET", f"{V1}/whoami", token=None, headers=cookie)


def _forms(planted: str) -> set[bytes]:
    """Return the bytes by which a secret would show: plain, as JSON, in base64 or in hexadecimal."""
    plain = planted.encode()
    return {
        plain,
        json.dumps(planted)[1:-1].encode(),
        base64.b64encode(plain)[:-4],
        base64.urlsafe_b64encode(plain)[:-4],
        plain.hex().encode(),
    }


def _found(suite: Suite, where: bytes) -> list[str]:
    return [p for p in suite.planted if any(form in where for form in _forms(p))]


def _files(server: Server) -> list[Path]:
    return [path for path in server.data.rglob("*") if path.is_file()]


def test_a_planted_secret_is_in_no_file_of_the_installation(suite: Suite) -> None:
    names = {path.name for path in _files(suite.server)}
    assert "master.key" in names
    assert suite.url or {"keystead.db", "keystead.db-wal", "usage.db"} <= names
    for path in _files(suite.server):
        assert _found(suite, path.read_bytes()) == [], path.name


def test_a_planted_secret_is_in_no_file_after_the_pages_are_rewritten(suite: Suite) -> None:
    for name in () if suite.url else ("keystead.db", "usage.db"):
        with closing(sqlite3.connect(suite.server.data / name)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            dump = "\n".join(database.iterdump()).encode()
        assert _found(suite, dump) == [], name
        assert _found(suite, (suite.server.data / name).read_bytes()) == [], name


def test_a_planted_secret_is_in_no_row_of_a_database_server(suite: Suite) -> None:
    if not suite.url:
        return
    tables = sql_of(
        suite.url,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
    )
    assert len(tables) > 20
    for (name,) in tables:
        rows = sql_of(suite.url, f"SELECT t::text FROM {name} t")
        assert _found(suite, "\n".join(row[0] for row in rows).encode()) == [], name


def test_a_planted_secret_is_not_in_the_log(suite: Suite) -> None:
    assert _found(suite, suite.server.log.read_bytes()) == []


def test_a_planted_secret_is_in_no_export_of_the_audit(suite: Suite) -> None:
    for answer in suite.exports:
        assert answer.status == 200
        assert _found(suite, answer.body) == []


def test_no_error_repeats_a_planted_secret(suite: Suite) -> None:
    assert len(suite.refusals) > 25
    for answer in suite.refusals:
        everything = answer.body + repr(answer.headers).encode()
        assert _found(suite, everything) == [], answer.body


def test_a_planted_secret_is_in_no_process_list(suite: Suite) -> None:
    looked = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        mine = {str(suite.server.process.pid)} & {process.name, parent}
        if mine:
            looked += 1
            shown = line + (process / "environ").read_bytes()
            assert _found(suite, shown) == []
    assert looked


def test_metadata_never_shows_what_is_sealed(suite: Suite) -> None:
    for path in ("accounts", "folders", "credentials", "owners"):
        answer = suite.server.call("GET", f"{V1}/{path}?page_size=200")
        assert answer.status == 200
        assert _found(suite, answer.body) == []
    for account in ok(suite.server.call("GET", f"{V1}/accounts"))["items"]:
        answer = suite.server.call("GET", f"{V1}/accounts/{account['id']}/versions")
        assert _found(suite, answer.body) == []
