"""Rows F and K of docs/features.md, each through a real door."""

import csv
import io
import json
import sqlite3
import subprocess
from contextlib import closing
from hashlib import sha256

import pytest

from tests.features.asking import list_of, place
from tests.running import KEYSTEAD, Server, send


def test_f1_all_tokens_are_listed_with_owner_id_and_creation(server: Server) -> None:
    wanted = {"kind": "application", "name": server.unique("application")}
    owner = server.call("POST", "/api/v1/owners", wanted).json()
    _, theirs = server.token("credentials:list", owner_id=owner["id"])
    own, _ = server.token("credentials:list", owner_id=owner["id"])
    _, administrators = server.token("accounts:list")

    everybodys = list_of(server, "/api/v1/credentials")
    assert {theirs["id"], administrators["id"]} <= set(everybodys)
    shown = everybodys[theirs["id"]]
    assert (shown["owner"]["name"], shown["created_at"]) == (owner["name"], theirs["created_at"])

    environment = {"KEYSTEAD_URL": server.url, "KEYSTEAD_TOKEN": server.admin_token}
    line = [KEYSTEAD, "token", "list", "--query", theirs["name"]]
    table = subprocess.run(line, capture_output=True, check=True, env=environment, text=True).stdout
    for fact in (theirs["id"], owner["name"], theirs["created_at"].partition(".")[0]):
        assert fact in table

    answer = server.call("GET", "/api/v1/credentials?page_size=200", token=own).json()
    assert {item["owner"]["id"] for item in answer["items"]} == {owner["id"]}, (
        "others see their own"
    )


def test_f2_every_scripted_call_needs_a_token(server: Server) -> None:
    refused = server.call("GET", "/api/v1/accounts", token=None)
    assert (refused.status, refused.code) == (401, "missing_credential")
    assert refused.headers["www-authenticate"] == 'Bearer realm="keystead", Token'


@pytest.mark.parametrize(
    "form",
    ["Token {}", "token {}", "Token token={}", 'Token token="{}"', "TOKEN token = {}", "Bearer {}"],
    ids=["plain", "lower-case", "parameter", "quoted", "blanks", "bearer"],
)
def test_f11_the_token_scheme_is_understood(server: Server, form: str) -> None:
    token, credential = server.token("secrets:read")
    answer = send(server.url, "GET", "/api/v1/whoami", None, {"Authorization": form.format(token)})
    assert answer.json()["credential"]["id"] == credential["id"]


def test_f11_an_imported_token_is_accepted_and_rotated_into_the_new_form(server: Server) -> None:
    old = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
    wanted = {"sha256": sha256(old.encode()).hexdigest(), "name": server.unique("portal"),
              "expires_in": "90d", "scopes": ["self:rotate"]}  # fmt: skip
    made = server.call("POST", "/api/v1/import/legacy-digests", {"items": [wanted]})
    (credential,) = made.json()["items"]
    assert credential["legacy"]
    header = {"Authorization": f"Token {old}"}
    answer = send(server.url, "GET", "/api/v1/whoami", None, header)
    assert answer.json()["credential"]["id"] == credential["id"]
    fresh = send(server.url, "POST", "/api/v1/self/rotate", None, header).json()
    assert fresh["secret"].startswith("kst_")
    assert not fresh["credential"]["legacy"]
    assert send(server.url, "GET", "/api/v1/whoami", None, header).status == 401


def test_f12_a_content_type_without_a_body_is_tolerated(server: Server) -> None:
    token, credential = server.token("credentials:list", "credentials:revoke")
    media = {"Content-Type": "application/json"}
    listed = server.call("GET", "/api/v1/credentials", token=token, headers=media)
    assert listed.status == 200
    path = f"/api/v1/credentials/{credential['id']}/disable"
    assert server.call("POST", path, headers=media).json()["state"] == "disabled"


def test_k17_the_chain_is_verified_and_exported(server: Server) -> None:
    _, path = place(server)
    token, credential = server.token("secrets:read")
    server.call("GET", path, token=token)

    report = server.call("GET", "/api/v1/audit/verify").json()
    assert (report["intact"], report["chains"][0]["findings"]) == (True, [])
    done = subprocess.run(
        [KEYSTEAD, "audit", "verify", "--data", server.data], capture_output=True, check=True
    )
    assert done.stdout.startswith(b"intact: ")

    *lines, last = server.call("GET", "/api/v1/audit/export?format=jsonl").body.splitlines()
    digest = sha256(b"keystead audit chain 1\0" + bytes(4)).digest()
    for line in lines:
        # The exported bytes are the stored ones: anybody can follow the chain with SHA-256 alone.
        digest = sha256(digest + line.split(b'"entry":', 1)[1][:-1]).digest()
        assert json.loads(line)["digest"] == digest.hex()
    assert digest.hex() in json.loads(last)["checkpoint"]
    assert any(b"secret.read" in line and credential["id"].encode() in line for line in lines)

    table = server.call("GET", "/api/v1/audit/export?format=csv").body.decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [int(row["n"]) for row in rows] == list(range(1, len(rows) + 1))


def test_k19_sqlite_is_built_in(server: Server) -> None:
    with closing(sqlite3.connect(f"file:{server.data}/keystead.db?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
