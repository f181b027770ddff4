"""Standard output, standard error and exit codes, against a peer that answers as laid out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Keystead, items
from tests.client.peer import CREDENTIAL, TOKEN, Peer, Reply, problem, reply

WHOAMI = {
    "owner": {"id": "own_000000000001", "kind": "user", "name": "Ada"},
    "credential": {"id": "cred_000000000001", "kind": "api_token", "name": "nightly"},
    "scopes": ["secrets:read"],
    "expires_at": None,
    "address": "127.0.0.1",
}
ACCOUNT = {
    "id": "acct_000000000001",
    "folder_id": "fold_000000000001",
    "path": "ops/orders",
    "name": "orders",
    "version": 3,
    "field_names": ["password", "totp"],
    "created_at": "2026-11-22T03:00:00Z",
}
VALUE = {
    "account_id": "acct_000000000001",
    "version": 3,
    "username": "orders",
    "fields": {"password": "s3cr3t"},
    "created_at": "2026-11-22T03:00:00Z",
}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 6),
        (401, 3),
        (403, 3),
        (404, 4),
        (409, 5),
        (412, 5),
        (413, 6),
        (415, 6),
        (429, 7),
        (500, 1),
        (503, 7),
    ],
)
def test_each_refusal_has_its_exit_code_and_says_why(
    at_peer: Peer, keystead: Keystead, status: int, code: int
) -> None:
    at_peer.on("GET /api/v1/whoami", problem(status, "some_code"))
    ended = keystead("whoami")
    assert (ended.code, ended.out) == (code, "")
    assert ended.err == "error: the detail of some_code [some_code, req_000000000001]\n"


def test_every_wrong_field_has_its_line(at_peer: Peer, keystead: Keystead) -> None:
    wrong = [
        {"field": "name", "message": "is empty"},
        {"field": "scopes[1]", "message": "is unknown"},
    ]
    at_peer.on("POST /api/v1/credentials", problem(400, "invalid_request", errors=wrong))
    ended = keystead("token", "create", "x", "--expires", "never")
    assert ended.code == 6
    assert ended.err.splitlines()[1:] == ["error: name: is empty", "error: scopes[1]: is unknown"]


def test_an_error_in_json_is_one_line_on_standard_error(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on("GET /api/v1/whoami", problem(401, "credential_expired"))
    ended = keystead("whoami", "--json")
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert json.loads(ended.err)["error"] == {
        "exit": 3,
        "code": "credential_expired",
        "status": 401,
        "detail": "the detail of credential_expired",
        "errors": [],
        "request_id": "req_000000000001",
    }


def test_nobody_listening_is_seven(monkeypatch: pytest.MonkeyPatch, keystead: Keystead) -> None:
    monkeypatch.setenv("KEYSTEAD_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("KEYSTEAD_TOKEN", TOKEN)
    assert keystead("whoami").code == 7


def test_an_environment_without_a_server_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, keystead: Keystead
) -> None:
    monkeypatch.delenv("KEYSTEAD_URL", raising=False)
    ended = keystead("get", "ops/orders")
    assert ended.code == 2
    assert "KEYSTEAD_URL" in ended.err


def test_plain_http_beyond_this_machine_has_to_be_spelled_out(
    monkeypatch: pytest.MonkeyPatch, keystead: Keystead
) -> None:
    # TEST-NET-1 (RFC 5737): no test may reach it, and the socket guard would say so.
    monkeypatch.setenv("KEYSTEAD_URL", "http://192.0.2.1:8780")
    monkeypatch.setenv("KEYSTEAD_TOKEN", TOKEN)
    ended = keystead("whoami")
    assert (ended.code, "plain HTTP" in ended.err) == (2, True)


def test_a_field_that_is_called_otherwise_here_is_named_by_its_option(
    at_peer: Peer, keystead: Keystead
) -> None:
    wrong = [{"field": "access", "message": "is required"}]
    at_peer.on("POST /api/v1/credentials", problem(400, "invalid_request", errors=wrong))
    ended = keystead("token", "create", "x", "--expires", "never")
    assert ended.err.splitlines()[1] == "error: access: is required (--scope or --level)"


def test_a_folder_that_is_not_there_is_named(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on("GET /api/v1/folders?path=no%2Fwhere", problem(404, "not_found"))
    ended = keystead("account", "list", "--folder", "no/where")
    assert ended.code == 4
    assert ended.err == (
        "error: there is no folder 'no/where', or it is not yours to see"
        " [not_found, req_000000000001]\n"
    )


def test_scopes_stand_on_a_line_a_resource(at_peer: Peer, keystead: Keystead) -> None:
    scopes = ["accounts:list", "accounts:read", "secrets:read"]
    at_peer.on("GET /api/v1/whoami", reply({**WHOAMI, "scopes": scopes}))
    lines = keystead("whoami").out.splitlines()
    assert lines[2:4] == [
        "may:         accounts:list, accounts:read",
        "may:         secrets:read",
    ]


def test_a_new_token_stands_alone_on_standard_output(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on("POST /api/v1/credentials", reply({"credential": CREDENTIAL, "secret": TOKEN}, 201))
    line = (
        "token", "create", "nightly", "--expires", "2027-01-31T18:00:00Z",
        "--scope", "secrets:read,folders:list", "--level", "accounts=read",
        "--network", "192.168.1.30/24, ::1", "--metadata", "team=blue",
        "--not-before", "2026-12-01T00:00:00Z", "--description", "Loads orders",
    )  # fmt: skip
    ended = keystead(*line)
    assert (ended.code, ended.out) == (0, f"{TOKEN}\n")
    assert "cred_000000000001" in ended.err
    assert TOKEN not in ended.err
    assert at_peer.asked[0].json() == {
        "kind": "api_token",
        "name": "nightly",
        "expires_at": "2027-01-31T18:00:00Z",
        "scopes": ["secrets:read", "folders:list"],
        "levels": {"accounts": "read"},
        "networks": ["192.168.1.30/24", "::1"],
        "metadata": {"team": "blue"},
        "not_before": "2026-12-01T00:00:00Z",
        "description": "Loads orders",
    }
    assert keystead(*line, "--quiet").err == ""
    as_json = keystead(*line, "--json")
    assert json.loads(as_json.out) == {"credential": CREDENTIAL, "secret": TOKEN}
    assert as_json.out.count("\n") == 1


def test_an_end_has_to_be_given(at_peer: Peer, keystead: Keystead) -> None:
    ended = keystead("token", "create", "x", "--scope", "secrets:read")
    assert ended.code == 2
    assert "--expires" in ended.err
    assert "keystead token create --help" in ended.err
    assert at_peer.asked == []


def test_a_token_is_named_by_id_public_id_or_name(at_peer: Peer, keystead: Keystead) -> None:
    other = {**CREDENTIAL, "id": "cred_000000000002", "name": "nightly-2", "public_id": "kst_2"}
    query = "kind=api_token&q={}&page_size=200"
    at_peer.on(f"GET /api/v1/credentials?{query.format('NIGHTLY')}", items(CREDENTIAL, other))
    at_peer.on("GET /api/v1/credentials/cred_000000000001", reply(CREDENTIAL))
    for text in ("cred_000000000001", "kst_000000000001", "NIGHTLY"):
        ended = keystead("token", "show", text, "--json")
        assert (ended.code, json.loads(ended.out)) == (0, CREDENTIAL)


def test_a_name_that_several_tokens_have_is_refused_with_their_ids(
    at_peer: Peer, keystead: Keystead
) -> None:
    other = {**CREDENTIAL, "id": "cred_000000000002"}
    at_peer.on(
        "GET /api/v1/credentials?kind=api_token&q=nightly&page_size=200", items(CREDENTIAL, other)
    )
    ended = keystead("token", "disable", "nightly")
    assert ended.code == 2
    assert "cred_000000000001, cred_000000000002" in ended.err


def test_a_name_that_nothing_has_is_four(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on("GET /api/v1/credentials?kind=api_token&q=none&page_size=200", items())
    at_peer.on("GET /api/v1/folders?path=none", items())
    at_peer.on("GET /api/v1/accounts?path=no%2Fne", items())
    assert keystead("token", "show", "none").code == 4
    ended = keystead("folder", "show", "none")
    assert (ended.code, "there is no folder 'none'" in ended.err) == (4, True)
    assert keystead("account", "show", "no/ne").code == 4


def test_a_whole_token_is_not_taken_for_a_name(at_peer: Peer, keystead: Keystead) -> None:
    ended = keystead("token", "revoke", TOKEN, "--yes")
    assert ended.code == 2
    assert TOKEN not in ended.err
    assert at_peer.asked == []


def test_an_edit_changes_what_is_given_and_refuses_nothing(
    at_peer: Peer, keystead: Keystead
) -> None:
    at_peer.on("PATCH /api/v1/credentials/cred_000000000001", reply(CREDENTIAL))
    line = ("token", "edit", "cred_000000000001")
    assert keystead(*line, "--expires", "never", "--no-networks", "--no-metadata").code == 0
    assert at_peer.asked[-1].json() == {"expires_at": None, "networks": [], "metadata": {}}
    assert keystead(*line).code == 2
    assert keystead(*line, "--network", "::1", "--no-networks").code == 2
    assert len(at_peer.asked) == 1


def test_what_ends_a_thing_needs_yes_without_a_terminal(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on("DELETE /api/v1/credentials/cred_000000000001", Reply(204))
    for line in (
        ("token", "delete", "cred_000000000001"),
        ("token", "revoke", "cred_000000000001"),
        ("folder", "delete", "fold_000000000001"),
        ("account", "delete", "acct_000000000001"),
    ):
        ended = keystead(*line)
        assert (ended.code, "--yes" in ended.err) == (2, True)
    assert at_peer.asked == []
    ended = keystead("token", "delete", "cred_000000000001", "--yes", "--json")
    assert (ended.code, json.loads(ended.out)) == (0, {"deleted": "cred_000000000001"})


def test_get_prints_the_value_alone(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on("GET /api/v1/secrets/ops/orders?field=password", reply(VALUE))
    at_peer.on("GET /api/v1/secrets/ops/orders", reply(VALUE))
    at_peer.on("GET /api/v1/accounts/acct_000000000001/secret?version=2&field=x", reply(VALUE))
    assert keystead("get", "ops/orders").out == "s3cr3t\n"
    assert keystead("get", "/ops/orders", "-n").out == "s3cr3t"
    assert json.loads(keystead("get", "ops/orders", "--json").out) == VALUE
    ended = keystead("get", "acct_000000000001", "--version", "2", "--field", "x")
    assert (ended.code, "no field 'x'" in ended.err) == (4, True)


def test_a_value_of_several_lines_is_printed_byte_for_byte(
    at_peer: Peer, keystead: Keystead
) -> None:
    value = {**VALUE, "fields": {"key": "-----\nschlüssel\n-----\n"}}
    at_peer.on("GET /api/v1/secrets/ops/orders?field=key", reply(value))
    assert keystead("get", "ops/orders", "--field", "key").out == "-----\nschlüssel\n-----\n"


def test_a_new_version_does_not_lose_fields_unasked(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on("GET /api/v1/accounts?path=ops%2Forders", items(ACCOUNT))
    written = {
        "account_id": "acct_000000000001",
        "version": 4,
        "created_at": "2026-11-22T03:00:00Z",
    }
    at_peer.on("PUT /api/v1/accounts/acct_000000000001/secret", reply(written))
    line = ("account", "set", "ops/orders", "--password-stdin", "--cas", "3")
    ended = keystead(*line, stdin=b"new\n")
    assert (ended.code, "totp" in ended.err) == (2, True)
    ended = keystead(*line, "--drop-others", "--json", stdin=b"new\n")
    assert (ended.code, json.loads(ended.out)) == (0, written)
    assert at_peer.asked[-1].json() == {"fields": {"password": "new"}, "cas": 3}


def test_without_a_source_and_a_terminal_a_password_is_asked_of_nobody(
    at_peer: Peer, keystead: Keystead
) -> None:
    ended = keystead("account", "create", "ops/orders")
    assert (ended.code, "--password-stdin" in ended.err) == (2, True)
    assert at_peer.asked == []


def test_a_rotation_is_spoken_like_a_creation(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on(
        "POST /api/v1/credentials/cred_000000000001/rotate",
        reply({"credential": CREDENTIAL, "secret": TOKEN}),
    )
    ended = keystead("token", "rotate", "cred_000000000001", "--overlap", "1d", "-q")
    assert (ended.out, ended.err) == (f"{TOKEN}\n", "")
    assert at_peer.asked[0].json() == {"overlap_seconds": 86400}
    assert keystead("token", "rotate", "cred_000000000001", "--overlap", "86400").code == 2


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--listen", "0.0.0.0:8780"), "--insecure-http"),
        (("--listen", "keystead.example.org:8780"), "--insecure-http"),
        (("--listen", "nonsense"), "HOST:PORT"),
        (("--tls-cert", __file__), "together"),
        (("--tls-key", __file__), "together"),
        (("--tls-cert", __file__, "--tls-key", __file__, "--insecure-http"), "no effect"),
        (("--listen", "127.0.0.1:8780", "--insecure-http"), "no effect"),
        (("--workers", "0"), "--workers"),
    ],
)
def test_a_listener_that_would_not_be_safe_is_refused(
    keystead: Keystead, tmp_path: Path, options: tuple[str, ...], word: str
) -> None:
    ended = keystead("serve", "--data", str(tmp_path), *options)
    assert (ended.code, word in ended.err) == (2, True)


def test_without_a_command_the_help_is_shown(keystead: Keystead) -> None:
    ended = keystead()
    assert ended.code == 0
    assert "Exit codes: 0 done" in ended.out
    assert keystead("--version").out.startswith("keystead ")
    assert keystead("token").code == 2
    assert keystead("tokne").code == 2


def test_arguments_that_are_no_text_are_refused(at_peer: Peer, keystead: Keystead) -> None:
    ended = keystead("folder", "create", os.fsdecode(b"\xff\xfe"))
    assert (ended.code, ended.err) == (2, "error: the command line is not UTF-8 text\n")
    assert at_peer.asked == []


def test_what_the_parser_says_ends_like_a_sentence(keystead: Keystead) -> None:
    for line in (("token", "list", "--limit", "x"), ("whoami", "extra"), ("get",)):
        assert f". See: keystead {line[0]}" in keystead(*line).err


def test_whoever_stops_reading_ends_the_command_quietly(at_peer: Peer) -> None:
    at_peer.on("GET /api/v1/whoami", reply(WHOAMI))
    program = f"import sys\nfrom keystead.cli.app import main\nsys.argv = {['keystead', 'whoami']}\nmain()"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", program], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_help_starts_without_what_only_a_request_needs() -> None:
    program = (
        "import sys, keystead.cli.app\n"
        "print([m for m in ('httpx2', 'rich', 'litestar', 'sqlalchemy', 'msgspec', 'keystead.main',"
        " 'keystead_client', 'keystead.cli.credentials.tokens') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"
