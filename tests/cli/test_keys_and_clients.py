"""API keys and OAuth clients by the command line, on a real server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assertions import client_pair, set_of
from tests.cli.conftest import Keystead, answer, error
from tests.running import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("house") / "data") as found:
        yield found


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(set_of(client_pair("ES256", "first"))))
    return file


def test_the_life_of_a_key(
    admin: Keystead, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = server.unique("Reporting")
    made = admin("key", "create", name, "--expires", "30d", "--scope", "folders:list")
    secret = made.out.strip()
    assert secret.startswith("ksk_")
    public_id = made.err.split()[1]
    assert secret.startswith(public_id)
    assert secret not in made.err

    for text in (public_id, name):
        found = answer(admin("key", "show", text, "--json"))
        assert (found["kind"], found["name"]) == ("api_key", name)
    assert answer(admin("token", "list", "--query", name, "--json"))["items"] == []
    assert error(admin("token", "show", name, "--json"))["exit"] == 4

    rotated = admin("key", "rotate", name, "--until-first-use", "--end-access-tokens", "-q")
    shown = admin("key", "show", name).out
    assert "retiring" in shown
    assert "its first use ends older ones" in shown
    with monkeypatch.context() as using:
        using.setenv("KEYSTEAD_TOKEN", rotated.out.strip())
        assert admin("whoami").code == 0
        using.setenv("KEYSTEAD_TOKEN", secret)
        assert admin("whoami").code == 3

    assert "refreshed:" not in admin("key", "show", name).out
    assert admin("key", "refresh", name).code == 2  # it asks first
    fresh = admin("key", "refresh", name, "--yes")
    assert fresh.err.split()[1] != public_id
    assert "refreshed:" in admin("key", "show", name).out
    assert answer(admin("key", "list", "--query", name, "--json"))["items"][0]["name"] == name
    assert admin("key", "edit", name, "--description", "Sums").code == 0
    assert f"{name}) is disabled" in admin("key", "disable", name).err
    assert f"{name}) is expiring" in admin("key", "enable", name).err
    assert admin("key", "revoke", name, "--yes").code == 0
    assert admin("key", "delete", name, "--yes").code == 0


def test_a_key_is_refreshed_with_overlap(admin: Keystead, server: Server) -> None:
    name = server.unique("Key")
    made = ("key", "create", name, "--expires", "5d", "--scope", "folders:list")
    old_id = admin(*made).err.split()[1]
    refresh = ("key", "refresh", name)
    assert admin(*refresh, "--overlap", "0s").code == 2  # it asks first
    assert admin(*refresh, "--overlap", "soon").code == 2
    fresh = admin(*refresh, "--overlap", "2d", "--until-first-use", "-q")
    assert fresh.code == 0
    assert f"former id: {old_id}, ends " in " ".join(admin("key", "show", name).out.split())
    assert admin(*refresh, "--overlap", "2d").code == 5
    assert server.call("GET", "/api/v1/whoami", token=fresh.out.strip()).status == 200
    assert "former id" not in admin("key", "show", name).out


def test_a_key_that_manages_keys(
    admin: Keystead, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = server.unique("Keeper")
    made = admin(
        "key", "create", name, "--type", "key_admin", "--expires", "30d", "--level",
        "credentials=write", "-q",
    )  # fmt: skip
    assert "type:" in admin("key", "show", name).out
    found = answer(admin("key", "list", "--type", "key_admin", "--json"))["items"]
    assert name in {each["name"] for each in found}
    monkeypatch.setenv("KEYSTEAD_TOKEN", made.out.strip())
    key = server.unique("key")
    assert admin("key", "create", key, "--expires", "1d", "--scope", "folders:list").code == 0
    refused = error(
        admin("token", "create", key, "--expires", "1d", "--scope", "folders:list", "--json")
    )
    assert refused["code"] == "insufficient_scope"


def test_a_client_changes_from_secrets_to_keys(admin: Keystead, server: Server, jwks: Path) -> None:
    name = server.unique("Billing")
    made = admin("client", "create", name, "--expires", "never", "--scope", "folders:list")
    assert made.out.startswith("ksc_")
    public_id = made.err.split()[1]
    assert admin("client", "rotate", name, "--overlap", "1d", "-q").out.startswith(public_id)
    assert answer(admin("client", "keys", name, "--json")) == {"keys": []}

    kept = admin("client", "rotate", name, "--public-keys", str(jwks), "--overlap", "1h")
    assert kept.out.strip() == public_id
    assert "ES256" in admin("client", "keys", name).out
    shown = admin("client", "show", name).out
    assert "key:" in shown
    assert shown.count("retiring") == 2
    assert admin("client", "rotate", name).code == 6


def test_a_client_is_made_with_keys(admin: Keystead, server: Server, jwks: Path) -> None:
    name = server.unique("Pipeline")
    made = answer(
        admin(
            "client", "create", name, "--expires", "90d", "--scope", "folders:list",
            "--public-keys", str(jwks), "--json",
        )
    )  # fmt: skip
    assert made.keys() == {"credential"}
    registered = answer(admin("client", "keys", name, "--json"))
    again = admin(
        "client", "rotate", name, "--public-keys", "-", stdin=json.dumps(registered).encode()
    )
    assert again.out.strip() == made["credential"]["public_id"]


def test_a_client_with_keys_may_name_an_audience_of_its_own(
    admin: Keystead, server: Server, jwks: Path
) -> None:
    name, url = server.unique("Legacy"), "https://old.example/token"
    create = ("client", "create", name, "--expires", "90d", "--scope", "folders:list")
    admin(*create, "--public-keys", str(jwks), "--legacy-audience", url)
    assert f"legacy audience: {url}" in " ".join(admin("client", "show", name).out.split())
    admin("client", "edit", name, "--no-legacy-audience")
    assert url not in admin("client", "show", name).out
    admin("client", "edit", name, "--legacy-audience", url)
    assert url in admin("client", "show", name).out
    both = ("--legacy-audience", url, "--no-legacy-audience")
    assert admin("client", "edit", name, *both).code == 2
    assert admin(*create, "--legacy-audience", url).code == 2


@pytest.mark.parametrize(
    "line",
    [
        ("client", "rotate", "x", "--public-keys", "absent.json"),
        ("client", "rotate", "x", "--public-keys", "-", "--until-first-use"),
        ("client", "create", "x", "--expires", "1d", "--public-keys", "-"),
        ("self", "rotate", "--expires", "9d"),
        ("audit", "list", "--credential", "ksk_" + "0" * 61),
        ("key", "rotate", "ksk_" + "0" * 61),
        ("token", "rotate", "x", "--public-keys", "-"),
        ("client", "refresh", "x"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    admin: Keystead, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]
) -> None:
    monkeypatch.setenv("KEYSTEAD_URL", "http://127.0.0.1:9")
    assert admin(*line).code == 2


def test_the_audit_is_asked_about_a_key_as_about_a_token(
    admin: Keystead, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = server.unique("Key")
    line = ("key", "create", name, "--expires", "5d", "--scope", "folders:list", "-q")
    secret = admin(*line).out.strip()
    monkeypatch.setenv("KEYSTEAD_TOKEN", secret)
    assert admin("self", "rotate").code == 3
    monkeypatch.setenv("KEYSTEAD_TOKEN", server.admin_token)
    key = answer(admin("key", "show", name, "--json"))
    for named in (name, key["id"], key["public_id"]):
        found = answer(admin("audit", "list", "--credential", named, "--json"))["items"]
        assert {each["actor"]["credential_id"] for each in found} == {key["id"]}


def test_the_credentials_are_counted(admin: Keystead, server: Server) -> None:
    admin("key", "create", server.unique("key"), "--expires", "5d", "--scope", "folders:list")
    found = {each["kind"]: each for each in answer(admin("summary", "--json"))["items"]}
    assert found["api_key"]["expiring"] > 0
    lines = [line.split() for line in admin("summary").out.splitlines()]
    counts = [str(found["api_key"][n]) for n in ("live", "expiring", "never_expires", "expired")]
    assert ["keys", *counts] in lines
