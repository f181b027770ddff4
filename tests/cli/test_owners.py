"""`keystead owner`: customers, passwords, roles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ended, Keystead
from tests.running import Server, running

GOOD = "nine troubled waters"


@pytest.fixture
def admin(server: Server, keystead: Keystead, monkeypatch: pytest.MonkeyPatch) -> Keystead:
    """Run commands as the administrator."""
    return as_admin(server, keystead, monkeypatch)


def as_admin(server: Server, keystead: Keystead, monkeypatch: pytest.MonkeyPatch) -> Keystead:
    for name in ("KEYSTEAD_TOKEN_FILE", "KEYSTEAD_CA_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KEYSTEAD_URL", server.url)
    monkeypatch.setenv("KEYSTEAD_TOKEN", server.admin_token)
    return keystead


def answer(ended: Ended) -> Any:  # noqa: ANN401  # whatever JSON holds
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_a_customer_has_an_id_and_texts_of_one_s_own(admin: Keystead, server: Server) -> None:
    name, theirs = server.unique("customer"), server.unique("id")
    line = ("owner", "create", name, "--kind", "application", "--external-id", theirs)
    made = answer(admin(*line, "--metadata", "plan=gold", "--metadata", "note=a = b", "--json"))
    assert (made["external_id"], made["metadata"]) == (theirs, {"plan": "gold", "note": "a = b"})
    shown = admin("owner", "show", name).out
    assert "plan=gold" in shown
    assert theirs in shown
    found = answer(admin("owner", "list", "--external-id", theirs, "--json"))
    assert [each["id"] for each in found["items"]] == [made["id"]]
    changed = answer(admin("owner", "edit", name, "--metadata", "plan=silver", "--json"))
    assert (changed["external_id"], changed["metadata"]) == (theirs, {"plan": "silver"})
    bare = answer(admin("owner", "edit", name, "--no-metadata", "--no-external-id", "--json"))
    assert (bare["external_id"], bare["metadata"]) == (None, {})
    for both in (
        ("--no-metadata", "--metadata", "a=b"),
        ("--no-external-id", "--external-id", "a"),
    ):
        assert admin("owner", "edit", name, *both).code == 2


def test_owners_are_listed_by_role_state_and_age(admin: Keystead, server: Server) -> None:
    mark = server.unique("listed")
    for name, role in (("b", "auditor"), ("a", "manager")):
        line = ("owner", "create", f"{mark} {name}", "--kind", "application", "--role", role)
        assert admin(*line).code == 0
    asked = ("owner", "list", "--query", mark, "--json")

    def names(*more: str) -> list[str]:
        return [each["name"][-1] for each in answer(admin(*asked, *more))["items"]]

    assert names("--sort", "created_at") == ["b", "a"]
    assert names("--sort", "-name") == ["b", "a"]
    assert names("--role", "manager") == ["a"]
    assert names("--state", "disabled") == []
    assert admin(*asked, "--role", "root").code == 6


def test_a_password_comes_from_anywhere_but_the_command_line(
    admin: Keystead, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{GOOD}\n")
    login = ""
    for source, stdin in ((f"@{file}", b""), ("-", GOOD.encode())):
        login = server.unique("person")
        line = ("owner", "create", login, "--kind", "user", "--login", login, "--password", source)
        made = admin(*line, stdin=stdin)
        assert made.code == 0, made.err
        assert ", to be changed" in made.out
        assert GOOD not in made.out + made.err
    typed = admin("owner", "create", "x", "--kind", "user", "--login", "x", "--password", GOOD)
    assert (typed.code, typed.out) == (2, "")
    assert GOOD not in typed.err
    assert "--password: a value on the command line" in typed.err
    nobody = admin("owner", "edit", login, "--password", "prompt")
    assert nobody.code == 2
    assert "say --password @FILE or -" in nobody.err
    weak = admin("owner", "edit", login, "--password", "-", stdin=b"password1234")
    assert weak.code == 6
    assert "password: is among the first" in weak.err


def test_a_password_made_by_the_server_stands_alone(admin: Keystead, server: Server) -> None:
    login = server.unique("person")
    line = ("owner", "create", login, "--kind", "user", "--login", login)
    made = admin(*line, "--password", "generate")
    assert made.code == 0, made.err
    assert len(made.out.strip()) == 24
    assert "shown only this once" in made.err
    assert made.out.strip() not in made.err
    again = answer(admin("owner", "edit", login, "--password", "generate", "--json"))
    assert again["owner"]["login"] == login
    assert "password" not in again["owner"]
    assert len(again["password"]) == 24


@pytest.mark.parametrize(
    "line",
    [
        ("create", "x", "--kind", "application", "--password", "generate"),
        ("create", "x", "--kind", "user", "--external-id", "y", "--password", "generate"),
        ("edit", "x", "--no-metadata", "--password", "generate"),
        ("edit", "x", "--email", "a@example.com", "--no-email"),
    ],
)
def test_what_no_owner_can_have_is_refused(admin: Keystead, line: tuple[str, ...]) -> None:
    assert admin("owner", *line).code == 2


def test_an_address_is_taken_away(admin: Keystead, server: Server) -> None:
    login = server.unique("person")
    line = ("--kind", "user", "--login", login, "--email", "a@example.com", "--json")
    assert answer(admin("owner", "create", login, *line))["email"] == "a@example.com"
    assert answer(admin("owner", "edit", login, "--no-email", "--json"))["email"] == ""


def test_one_s_own_password_takes_the_current_one(
    keystead: Keystead, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with running(tmp_path / "data") as server:
        admin = as_admin(server, keystead, monkeypatch)
        old, new = tmp_path / "old", tmp_path / "new"
        old.write_text(server.admin_password)
        new.write_text(GOOD)
        line = ("self", "password", "--current", f"@{old}", "--new", f"@{new}")
        changed = admin(*line)
        assert (changed.code, changed.out) == (0, ""), changed.err
        assert changed.err == "your password is changed\n"
        wrong = admin(*line)
        assert wrong.code == 3
        assert "not the current password" in wrong.err
        piped = admin("self", "password", "--current", "-", "--new", f"@{old}", stdin=GOOD.encode())
        assert piped.code == 0, piped.err
        assert admin("self", "password").code == 2, "nobody to ask"
        for both in ("-", "generate"):
            refused = admin("self", "password", "--current", both, "--new", both)
            assert refused.code == 2


def test_the_roles_are_listed(admin: Keystead) -> None:
    shown = admin("owner", "roles").out
    assert [line.split()[0] for line in shown.splitlines()] == [
        "ROLE", "administrator", "manager", "auditor", "user",
    ]  # fmt: skip
    rules = answer(admin("owner", "roles", "--json"))
    assert [right["name"] for right in rules["rights"]] == ["viewer", "user", "manager"]
