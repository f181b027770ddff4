"""Row F11: an imported token is an API token, by whatever door it comes and whatever is done to it."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.doors.cast import V1, member, ok, problem, until
from tests.doors.importing import ask, digest_of, imported, item, old_token
from tests.doors.registering import access, register
from tests.doors.repeating import entries
from tests.doors.tokens import CREDENTIALS, WHOAMI, lives, record_of, wrong
from tests.running import KEYSTEAD, running, send

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clocked import Clocked
    from tests.running import Server


@pytest.mark.parametrize(
    "header",
    ["Authorization: Token {}", "Authorization: Bearer {}", 'Authorization: Token token="{}"',
     "X-API-Key: {}", "authtoken: {}"],
)  # fmt: skip
def test_it_is_accepted_in_every_dialect_of_a_token(server: Server, header: str) -> None:
    token, record = imported(server)
    name, _, value = header.format(token).partition(": ")
    answer = send(server.url, "GET", WHOAMI, None, {name: value})
    assert ok(answer)["credential"]["id"] == record["id"]
    assert answer.headers["keystead-credential-expires"] == record["expires_at"]


def test_what_is_almost_it_is_a_stranger(server: Server) -> None:
    token, _ = imported(server)
    for other in (token.upper(), token[:-1], token + "0", old_token(), digest_of(token)):
        answer = server.call("GET", WHOAMI, token=other)
        assert problem(answer) == (401, "invalid_credential")
    basic = send(server.url, "POST", "/oauth/token", b"grant_type=client_credentials&client_id=x"
                 b"&client_secret=" + token.encode(),
                 {"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert basic.status == 401


def test_an_answer_says_that_it_is_legacy_and_holds_no_secret(server: Server) -> None:
    token, record = imported(server, description="of the old portal", networks=["127.0.0.0/8"])
    assert (record["kind"], record["type"], record["legacy"]) == ("api_token", "static", True)
    assert record_of(server, record["id"]) == record
    assert token not in str(record)
    assert digest_of(token) not in str(record)
    assert server.token("folders:list")[1]["legacy"] is False


def test_whatever_ends_a_token_ends_it(server: Server) -> None:
    owner, _ = member(server, "user")
    for act in ("disable", "revoke"):
        token, record = imported(server)
        path = f"{CREDENTIALS}/{record['id']}"
        assert lives(server, token) == [True]
        ok(server.call("POST", f"{path}/{act}"))
        assert problem(server.call("GET", WHOAMI, token=token)) == (401, f"credential_{act}d")
    deleted, record = imported(server)
    ok(server.call("DELETE", f"{CREDENTIALS}/{record['id']}"), 204)
    elsewhere, _ = imported(server, networks=["192.0.2.0/24"])
    theirs, _ = imported(server, owner_id=owner)
    assert lives(server, deleted, elsewhere, theirs) == [False, False, True]
    ok(server.call("PATCH", f"{V1}/owners/{owner}", {"state": "disabled"}))
    assert problem(server.call("GET", WHOAMI, token=theirs)) == (401, "owner_disabled")
    own, _ = imported(server)
    ok(server.call("POST", f"{V1}/self/revoke", token=own), 204)
    assert lives(server, own) == [False]


def test_it_ends_at_its_end_and_always_has_one(clocked: Clocked) -> None:
    end = clocked.after(days=1)
    token, record = imported(clocked, expires_in=..., expires_at=end)
    path = f"{CREDENTIALS}/{record['id']}"
    endless = wrong(clocked.call("PATCH", path, {"expires_at": None}))
    assert "an imported token has an end" in endless["expires_at"]
    # What takes its place may be without one.
    ok(clocked.call("POST", f"{path}/rotate", {"expires_at": None, "overlap_seconds": 600}))
    ok(clocked.call("PATCH", path, {"expires_at": end}))
    ok(clocked.call("PATCH", path, {"expires_at": None}))
    assert lives(clocked, token) == [True]
    clocked.set(end)
    assert lives(clocked, token) == [False]
    other, _ = imported(clocked, expires_in="1h")
    clocked.set(clocked.after(hours=1))
    assert problem(clocked.call("GET", WHOAMI, token=other)) == (401, "credential_expired")


def test_a_rotation_gives_it_the_new_form(clocked: Clocked) -> None:
    token, record = imported(clocked, scopes=["self:rotate"])
    issued = ok(clocked.call("POST", f"{V1}/self/rotate", {"overlap_seconds": 600}, token=token))
    assert issued["secret"].startswith(f"{record['public_id']}")
    assert issued["credential"]["id"] == record["id"]
    assert issued["credential"]["legacy"] is True
    assert lives(clocked, token, issued["secret"]) == [True, True]
    clocked.set(clocked.after(minutes=10))
    assert lives(clocked, token, issued["secret"]) == [False, True]
    assert record_of(clocked, record["id"])["legacy"] is False

    token, record = imported(clocked)
    fresh = ok(clocked.call("POST", f"{CREDENTIALS}/{record['id']}/rotate"))
    assert fresh["credential"]["legacy"] is False
    assert lives(clocked, token, fresh["secret"]) == [False, True]


def test_the_new_secrets_first_use_ends_it(server: Server) -> None:
    token, record = imported(server)
    path = f"{CREDENTIALS}/{record['id']}/rotate"
    fresh = ok(server.call("POST", path, {"revoke_after_first_use": True}))["secret"]
    assert lives(server, token, fresh, token) == [True, True, False]


def test_its_use_is_counted(clocked: Clocked) -> None:
    token, record = imported(clocked, scopes=["credentials:read"])
    path = f"{CREDENTIALS}/{record['id']}"
    for _ in range(2):
        ok(clocked.call("GET", path, token=token))
    clocked.set(clocked.after(seconds=30))

    def uses() -> int:
        used = record_of(clocked, record["id"])["last_used"]
        return 0 if used is None else used["uses"]

    until(lambda: uses() == 2, 15)


def test_an_api_is_told_what_it_is_worth(server: Server) -> None:
    api = register(server)
    token, record = imported(server, scopes=..., access=[access(api, "scan:read")])

    def verified(shown: str) -> tuple[str, object]:
        body = {"token": shown, "audience": api["identifier"]}
        found = ok(server.call("POST", f"{V1}/verify", body))
        return found["code"], found["credential"] and found["credential"]["id"]

    assert verified(token) == ("VALID", record["id"])
    assert verified(old_token()) == ("NOT_FOUND", None)
    assert verified(token.upper()) == ("MALFORMED", None)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    shown = f"token={token}".encode()
    told_ = ok(server.call("POST", "/oauth/introspect", raw=shown, headers=form))
    assert (told_["active"], told_["scope"]) == (True, "scan:read")
    ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/revoke"))
    assert verified(token)[0] == "REVOKED"


def test_one_act_is_one_entry(server: Server) -> None:
    name = server.unique("old")
    _, record = imported(server, name=name)
    (entry,) = entries(server, verb="credential.import_legacy", object=record["id"])
    assert (entry["object"]["name"], entry["decision"]) == (name, "allowed")
    many = ok(ask(server, item(server, old_token()), item(server, old_token())), 201)["items"]
    found = entries(server, verb="credential.import_legacy")
    ids = ",".join(each["id"] for each in many)
    assert [e["facts"] for e in found].count({"imported": 2, "credentials": ids}) == 1


def test_a_digest_that_was_moved_opens_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        tokens = [imported(server) for _ in range(3)]
        _, minted = server.token("folders:list")
        ids = [record["id"] for _, record in tokens]
        with closing(sqlite3.connect(server.data / "keystead.db", timeout=20)) as database:
            rows = {
                id_: (digest, binding)
                for id_, digest, binding in database.execute(
                    "SELECT credential_id, digest, binding FROM credential_secrets"
                )
            }
            database.execute("DELETE FROM credential_secrets WHERE credential_id IN (?, ?, ?, ?)",
                             (*ids, minted["id"]))  # fmt: skip
            into = (
                "INSERT INTO credential_secrets (credential_id, n, pepper_n, digest, binding, created_at)"
                " VALUES (?, 1, 1, ?, ?, 1)"
            )
            # The first one's to the second, with the second's own binding; the third's to a minted token.
            database.execute(into, (ids[1], rows[ids[0]][0], rows[ids[1]][1]))
            database.execute(into, (minted["id"], *rows[ids[2]]))
            database.commit()
        # Nothing of this was remembered: none was ever presented.
        assert lives(server, *(token for token, _ in tokens)) == [False, False, False]


def test_a_digest_under_an_older_pepper_is_found_and_not_imported_again(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        token, record = imported(server)
        line = [KEYSTEAD, "keyring", "rotate", "pepper", "--data", str(server.data)]
        subprocess.run(line, check=True, capture_output=True)
        assert ok(server.call("GET", WHOAMI, token=token))["credential"]["id"] == record["id"]
        assert problem(ask(server, item(server, token))) == (409, "wrong_state")
        other, _ = imported(server)
        assert lives(server, token, other) == [True, True]
