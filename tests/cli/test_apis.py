"""`keystead api`, and what is given of an API to a token."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keystead.policy.samples.reading import SAMPLES, read_sample
from tests.cli.conftest import Ended, Keystead, answer, error
from tests.doors.registering import identifier
from tests.running import Server


def said(ended: Ended) -> dict[str, str]:
    """Return the facts that a command printed, by name."""
    assert ended.code == 0, ended.err
    lines = (line.split(":", 1) for line in ended.out.splitlines() if ": " in line)
    return {name: value.strip() for name, value in lines}


@pytest.fixture
def uri(server: Server) -> str:
    return identifier(server)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.json"
    actions = [{"key": "read", "description": "Read orders."}, {"key": "create"}]
    groups = [{"key": "orders", "resources": [{"key": "order", "actions": actions}]}]
    path.write_text(json.dumps({"name": "Orders", "groups": groups}))
    return path


def test_a_sample_is_registered_shown_and_listed(admin: Keystead, uri: str) -> None:
    made = admin("api", "create", "--sample", "scanner", "--identifier", uri)
    facts = said(made)
    assert (facts["identifier"], facts["name"], facts["tokens"]) == (
        uri,
        "Scanner",
        "opaque, 3600 s",
    )
    assert "scan:create" in made.out
    assert "Start a scan of an application." in made.out
    for name in (facts["id"], uri):
        assert admin("api", "show", name).out == made.out
    listed = answer(admin("api", "list", "--query", uri, "--json"))["items"]
    assert [(each["id"], each["scopes"]) for each in listed] == [(facts["id"], 8)]
    own = admin("api", "show", "keystead")
    assert "secrets:rotate" in own.out
    assert "owner:" not in own.out


def test_options_stand_before_the_file(
    admin: Keystead, uri: str, file: Path, server: Server
) -> None:
    name, verifier = server.unique("named"), server.unique("verifier")
    id_ = said(admin("owner", "create", verifier, "--kind", "application"))["id"]
    made = admin(
        "api", "create", "--file", str(file), "--identifier", uri, "--name", name,
        "--verifier", verifier, "--token-format", "jwt", "--algorithm", "EdDSA",
        "--token-lifetime", "15m", "--offline-networks", "accepted", "--json",
    )  # fmt: skip
    found = answer(made)
    assert (found["name"], found["verifiers"]) == (name, [id_])
    assert (found["token_format"], found["algorithm"], found["token_seconds"]) == (
        "jwt",
        "EdDSA",
        900,
    )
    assert "credentials bound to networks are accepted" in admin("api", "show", name).out


def test_a_catalogue_is_exported_changed_tried_and_sent_again(
    admin: Keystead, uri: str, file: Path, server: Server
) -> None:
    answer(admin("api", "create", "--file", str(file), "--identifier", uri, "--json"))
    token = server.unique("holder")
    admin("token", "create", token, "--expires", "never", "--level", f"{uri}/order=write")
    found = json.loads(admin("api", "export", uri).out)
    assert found["groups"] == json.loads(file.read_text())["groups"]
    assert answer(admin("api", "export", uri, "--json")) == found
    found["groups"][0]["resources"][0]["actions"] = [{"key": "read"}, {"key": "delete"}]
    file.write_text(json.dumps(found | {"identifier": uri}))

    tried = admin("api", "edit", uri, "--file", str(file), "--dry-run")
    assert tried.code == 0, tried.err
    assert [line.split() for line in tried.out.splitlines()][1][1:] == [
        *token.split(), "api_token", "order:delete", "order:create",
    ]  # fmt: skip
    assert "this matters: 1 (1 gaining a scope, 1 losing one)" in tried.err
    effect = answer(admin("api", "edit", uri, "--file", str(file), "--dry-run", "--json"))
    assert effect["items"][0]["loses"] == ["order:create"]
    assert "order:create" in admin("api", "show", uri).out

    made = admin("api", "edit", uri, "--file", str(file), "--revision", "1")
    assert "order:create" not in made.out
    assert "1 losing one" in made.err
    assert admin("api", "edit", uri, "--file", str(file), "--revision", "1").code == 5
    assert answer(admin("api", "edit", uri, "--name", "Orders 2", "--json"))["revision"] == 3


def test_a_deletion_is_tried_asked_about_and_made(admin: Keystead, uri: str, file: Path) -> None:
    id_ = answer(admin("api", "create", "--file", str(file), "--identifier", uri, "--json"))["id"]
    tried = admin("api", "delete", uri, "--dry-run")
    assert (tried.code, tried.err.splitlines()[-1]) == (0, "no credential gains or loses a scope")
    assert admin("api", "delete", uri).code == 2, "without a terminal it takes --yes"
    gone = admin("api", "delete", uri, "--yes")
    assert (gone.code, gone.out) == (0, "")
    assert id_ in gone.err
    assert admin("api", "show", uri).code == 4


def test_an_api_changes_hands_and_loses_its_verifiers(
    admin: Keystead, uri: str, file: Path, server: Server
) -> None:
    owner = server.unique("owner")
    id_ = said(admin("owner", "create", owner, "--kind", "application"))["id"]
    admin("api", "create", "--file", str(file), "--identifier", uri, "--verifier", owner)
    assert said(admin("api", "edit", uri, "--owner", owner))["owner"] == id_
    assert [e["id"] for e in answer(admin("api", "list", "--owner", owner, "--json"))["items"]]
    assert "verifier" not in said(admin("api", "edit", uri, "--no-verifiers"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("edit", "keystead"), "nothing to change"),
        (("edit", "keystead", "--dry-run"), "nothing to change"),
        (("edit", "keystead", "--name", "x", "--page-token", "y"), "--page-token is for --dry-run"),
        (("edit", "keystead", "--verifier", "a", "--no-verifiers"), "exclude each other"),
        (("create", "--sample", "scanner", "--file", "x"), "exclude each other"),
        (("create", "--sample", "nothing"), "keystead, network, scanner"),
        (("create", "--file", "/nowhere/at/all"), "No such file"),
        (("create", "--token-lifetime", "soon"), "takes a span"),
    ],
)
def test_what_is_typed_wrongly_is_said_before_anything_is_asked(
    admin: Keystead, line: tuple[str, ...], words: str
) -> None:
    ended = admin("api", *line)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


@pytest.mark.parametrize(
    ("text", "words"),
    [(b"{\n", "holds no JSON (line 2)"), (b"[]", "no JSON object"), (b"\xff", "holds no JSON")],
)
def test_a_file_that_is_none_is_refused(admin: Keystead, text: bytes, words: str) -> None:
    ended = admin("api", "create", "--file", "-", stdin=text)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_a_file_of_another_api_is_refused(admin: Keystead, uri: str, file: Path) -> None:
    admin("api", "create", "--file", str(file), "--identifier", uri)
    file.write_text(json.dumps({"identifier": f"{uri}/other", "name": "x"}))
    assert "another API's" in admin("api", "edit", uri, "--file", str(file)).err
    file.write_text(json.dumps({"nonsense": 1}))
    refused = error(admin("api", "edit", uri, "--file", str(file), "--json"))
    assert [each["field"] for each in refused["errors"]] == ["nonsense"]


def test_samples_are_listed_and_printed_without_a_server(
    keystead: Keystead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYSTEAD_URL", raising=False)
    assert [e["name"] for e in answer(keystead("api", "sample", "list", "--json"))["items"]] == [
        *SAMPLES
    ]
    for name in SAMPLES:
        assert name in keystead("api", "sample", "list").out
        assert keystead("api", "sample", "show", name).out == read_sample(name).decode()
        assert answer(keystead("api", "sample", "show", name, "--json"))["groups"]
    assert keystead("api", "sample", "show", "nothing").code == 2


def test_a_token_is_given_scopes_and_levels_of_several_apis(
    admin: Keystead, uri: str, file: Path, server: Server
) -> None:
    name, other = server.unique("Orders"), f"{identifier(server)}/"
    admin("api", "create", "--file", str(file), "--identifier", uri, "--name", name)
    admin("api", "create", "--file", str(file), "--identifier", other)
    token = server.unique("token")
    made = answer(
        admin(
            "token", "create", token, "--expires", "never", "--json",
            "--scope", "secrets:read,folders:list", "--scope", f"{uri}/order:read,order:create",
            "--level", "accounts=read", "--level", f"{other.rstrip('/')}/order=write",
        )
    )["credential"]["access"]  # fmt: skip
    assert made == [
        {
            "api": "keystead",
            "scopes": ["secrets:read", "folders:list"],
            "levels": {"accounts": "read"},
        },
        {"api": uri, "scopes": ["order:read", "order:create"], "levels": {}},
        {"api": other, "scopes": [], "levels": {"order": "write"}},
    ]
    shown = admin("token", "show", token).out
    assert f"{uri}: order:read, order:create" in shown
    edited = answer(admin("token", "edit", token, "--scope", f"{name}/order:read", "--json"))
    assert edited["access"] == [{"api": uri, "scopes": ["order:read"], "levels": {}}]
    both = ("--scope", f"{name}/order:read", "--level", f"{uri}/order=read", "--json")
    assert answer(admin("token", "edit", token, *both))["access"] == [
        {"api": uri, "scopes": ["order:read"], "levels": {"order": "read"}}
    ]
    assert admin("token", "edit", token, "--scope", "nowhere/order:read").code == 4
    refused = error(admin("token", "edit", token, "--scope", f"{uri}/order:fly", "--json"))
    assert [each["field"] for each in refused["errors"]] == ["access[0].scopes[0]"]


def test_a5_the_name_suggests_examples(keystead: Keystead) -> None:
    said = " ".join(keystead("token", "create", "--help").out.split())
    assert "'Integration Token' or 'DevOps Pipeline Token'" in said


def test_a6_an_expiry_is_given_as_a_period(admin: Keystead, server: Server) -> None:
    name, before = server.unique("period"), datetime.now(UTC)
    line = ("token", "create", name, "--scope", "self:rotate", "--expires", "30d", "--json")
    end = datetime.fromisoformat(answer(admin(*line))["credential"]["expires_at"])
    assert timedelta(days=30) - timedelta(seconds=2) < end - before < timedelta(days=30, minutes=1)
