"""Every command against a real server and on a real data directory, for people and for programs."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.conftest import Keystead, answer, error
from tests.running import KEYSTEAD, Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("house") / "data") as found:
        yield found


def test_a_script_gets_its_password_and_nothing_else(
    admin: Keystead, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = server.unique("ops")
    assert admin("folder", "create", folder).code == 0
    stored = admin("account", "create", f"{folder}/orders", "--password-stdin", stdin=b"hunter2\n")
    assert stored.code == 0
    assert "hunter2" not in stored.out + stored.err
    token = admin(
        "token", "create", server.unique("job"), "--expires", "30d", "--scope", "secrets:read",
        "--network", "127.0.0.1", "-q",
    )  # fmt: skip

    monkeypatch.setenv("KEYSTEAD_TOKEN", token.out.strip())
    assert admin("get", f"{folder}/orders").out == "hunter2\n"
    refused = admin("token", "list")
    assert (refused.code, refused.out) == (3, "")
    assert "credentials:list" in refused.err
    assert error(admin("folder", "create", "x", "--json"))["code"] == "insufficient_scope"


def test_whoami_says_whose_token_it_is(admin: Keystead) -> None:
    found = answer(admin("whoami", "--json"))
    assert (found["owner"]["kind"], found["address"]) == ("user", "127.0.0.1")
    assert found["owner"]["id"] in admin("whoami").out


@pytest.mark.parametrize(
    ("may", "where"),
    [
        (("--scope", "secrets:read"), "secrets/FOLDER/ACCOUNT"),
        (("--level", "secrets=read"), "secrets/FOLDER/ACCOUNT"),
        (("--scope", "folders:list"), "whoami"),
    ],
)
def test_s2_whoever_makes_a_token_is_told_both_things_it_needs(
    admin: Keystead, server: Server, may: tuple[str, str], where: str
) -> None:
    account = server.account(server.folder(name=(folder := server.unique("ops")))["id"])
    made = admin("token", "create", server.unique("job"), "--expires", "1d", *may)
    *_, note = made.err.splitlines()
    how, _, line = note.partition(": ")
    assert (how, made.out.strip() in made.err) == ("used so", False)
    assert line.endswith(f"{server.url}/api/v1/{where}")
    # As it stands there, with a folder and an account in their places.
    line = line.replace("FOLDER/ACCOUNT", f"{quote(folder)}/{quote(account['name'])}")
    environment = {**os.environ, "TOKEN": made.out.strip()}
    done = subprocess.run(
        ["bash", "-c", line], env=environment, capture_output=True, check=True
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found.get("fields") == {"password": "pass-word"} or found["scopes"] == ["folders:list"]
    quiet = admin("token", "create", server.unique("job"), "--expires", "1d", *may, "--quiet")
    assert (quiet.err, quiet.out.startswith("kst_")) == ("", True)


def test_c11_networks_come_in_one_list(admin: Keystead, server: Server) -> None:
    name = server.unique("listed")
    made = ("token", "create", name, "--expires", "1d", "--scope", "folders:list", "--json")
    found = answer(admin(*made, "--network", "127.0.0.1, 10.0.0.0/8,192.0.2.7"))["credential"]
    assert [each["text"] for each in found["networks"]] == ["127.0.0.1", "10.0.0.0/8", "192.0.2.7"]
    wrong = admin(*made, "--network", "127.0.0.1,nonsense,10.0.0.0/99")
    fields = {each["field"] for each in error(wrong)["errors"]}
    assert {"networks[1]", "networks[2]"} <= fields


class TestTokens:
    def test_the_life_of_a_token(
        self, admin: Keystead, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = server.unique("Nightly")
        made = answer(
            admin(
                "token", "create", name, "--expires", "2099-01-31T18:00:00Z",
                "--scope", "secrets:read,folders:list", "--level", "accounts=read",
                "--network", "127.0.0.1/24, ::1", "--network", "10.0.0.5-10.0.0.9",
                "--description", "Loads the orders", "--metadata", "team=blue", "--json",
            )
        )  # fmt: skip
        token, kept = made["secret"], made["credential"]
        assert kept["networks"][0] == {"text": "127.0.0.1/24", "interpreted": "127.0.0.0/24"}

        for text in (kept["id"], kept["public_id"], name, name.upper()):
            assert answer(admin("token", "show", text, "--json"))["id"] == kept["id"]
        shown = admin("token", "show", name).out
        for word in (kept["id"], "Loads the orders", "2099-01-31T18:00:00Z", "127.0.0.0/24",
                     "secrets:read", "accounts=read", "team=blue"):  # fmt: skip
            assert word in shown
        assert token not in shown

        edited = answer(
            admin(
                "token", "edit", name, "--expires", "never", "--no-networks", "--no-metadata",
                "--scope", "secrets:read", "--description", "", "--json",
            )
        )  # fmt: skip
        assert (edited["expires_at"], edited["networks"], edited["metadata"]) == (None, [], {})
        assert edited["description"] == ""

        rotated = admin("token", "rotate", name, "--overlap", "1h")
        assert rotated.code == 0
        new = rotated.out.strip()
        assert new not in rotated.err
        for secret in (token, new):
            monkeypatch.setenv("KEYSTEAD_TOKEN", secret)
            assert admin("whoami").code == 0
        monkeypatch.setenv("KEYSTEAD_TOKEN", server.admin_token)
        assert "retiring" in admin("token", "show", name).out

        for verb, state, code in (
            ("disable", "disabled", 3),
            ("enable", "active", 0),
            ("revoke", "revoked", 3),
        ):
            ended = admin("token", verb, name, *(["--yes"] if verb == "revoke" else []), "--json")
            assert answer(ended)["state"] == state
            monkeypatch.setenv("KEYSTEAD_TOKEN", new)
            assert admin("whoami").code == code
            monkeypatch.setenv("KEYSTEAD_TOKEN", server.admin_token)

        assert error(admin("token", "enable", kept["id"], "--json"))["exit"] == 5
        assert admin("token", "delete", kept["id"], "--yes").code == 0
        assert admin("token", "show", kept["id"]).code == 4
        assert admin("token", "show", name).code == 4

    def test_a_token_rotates_and_ends_itself(
        self, admin: Keystead, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = admin("token", "create", server.unique("own"), "--expires", "1d", "-q",
                     "--scope", "self:rotate")  # fmt: skip
        old = made.out.strip()
        monkeypatch.setenv("KEYSTEAD_TOKEN", old)
        new = admin("self", "rotate", "-q").out.strip()
        assert admin("whoami").code == 3
        monkeypatch.setenv("KEYSTEAD_TOKEN", new)
        assert admin("whoami").code == 0
        own = answer(admin("whoami", "--json"))["credential"]
        assert admin("self", "revoke").code == 2
        assert answer(admin("self", "revoke", "--yes", "--json")) == {"revoked": own["id"]}
        assert "credential_revoked" in admin("whoami").err

    def test_a_list_is_filtered_sorted_and_paged(self, admin: Keystead, server: Server) -> None:
        stem = server.unique("listed")
        for number in range(5):
            create = ("token", "create", f"{stem}-{number}", "--scope", "secrets:read")
            assert admin(*create, "--expires", "never" if number else "20d").code == 0
        line = ("token", "list", "--query", stem, "--sort", "name")
        first = answer(admin(*line, "--limit", "2", "--json"))
        assert [each["name"][-1] for each in first["items"]] == ["0", "1"]
        rest = answer(admin(*line, "--page-token", first["next_page_token"], "--json"))
        assert [each["name"][-1] for each in rest["items"]] == ["2", "3", "4"]
        everything = answer(admin(*line, "--all", "--json"))
        assert everything["items"] == first["items"] + rest["items"]
        expiring = answer(admin(*line, "--state", "expiring", "--json"))
        assert [each["name"][-1] for each in expiring["items"]] == ["0"]
        soon = answer(admin(*line, "--expires-before", "30d", "--json"))
        assert soon["items"] == expiring["items"]
        table = admin(*line, "--owner", "admin")
        assert len(table.out.splitlines()) == 6

    def test_every_wrong_field_is_named(self, admin: Keystead) -> None:
        ended = admin(
            "token", "create", "\x07", "--expires", "never", "--scope", "secrets:fly",
            "--network", "10.0.0.0/99", "--json",
        )  # fmt: skip
        found = error(ended)
        assert (found["exit"], found["status"]) == (6, 400)
        fields = {each["field"].partition("[")[0] for each in found["errors"]}
        assert {"name", "scopes", "networks"} <= fields

    def test_a_taken_name_is_a_conflict(self, admin: Keystead, server: Server) -> None:
        name = server.unique("once")
        line = ("token", "create", "--expires", "1d", "--scope", "secrets:read")
        assert admin(*line, name).code == 0
        ended = admin(*line, name.upper())
        assert (ended.code, ended.out) == (5, "")

    def test_a_token_that_is_not_good_is_refused(
        self, admin: Keystead, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KEYSTEAD_TOKEN", server.admin_token[:-1] + "x")
        assert error(admin("whoami", "--json"))["code"] == "invalid_credential"


class TestVault:
    def test_folders_are_made_shown_shared_moved_and_deleted(
        self, admin: Keystead, server: Server
    ) -> None:
        top, other = server.unique("top"), server.unique("other")
        assert answer(admin("folder", "create", top, "--json"))["path"] == top
        assert admin("folder", "create", other).code == 0
        made = answer(admin("folder", "create", f"{top}/db", "--json"))
        assert made["path"] == f"{top}/db"

        app = server.unique("app")
        owner = answer(admin("owner", "create", app, "--kind", "application", "--json"))
        shared = answer(admin("folder", "edit", f"{top}/db", "--grant", f"{app}=user", "--json"))
        assert {"owner_id": owner["id"], "right": "user"} in shared["grants"]
        assert len(shared["grants"]) == len(made["grants"]) + 1
        taken = answer(admin("folder", "edit", made["id"], "--withdraw", app, "--json"))
        assert taken["grants"] == made["grants"]
        assert admin("folder", "edit", made["id"], "--withdraw", app).code == 2

        moved = answer(
            admin(
                "folder", "edit", f"{top}/db", "--move-to", other, "--name", "databases", "--json"
            )
        )
        assert moved["path"] == f"{other}/databases"
        assert answer(
            admin("folder", "edit", moved["id"], "--move-to", "/", "--name", app, "--json")
        )
        assert admin("folder", "edit", app, "--move-to", other).code == 0

        listed = answer(admin("folder", "list", "--parent", other, "--json"))
        assert [each["path"] for each in listed["items"]] == [f"{other}/{app}"]
        assert f"{other}/{app}" in admin("folder", "list", "--query", app).out
        assert made["id"] in admin("folder", "show", f"{other}/{app}").out

        assert admin("folder", "delete", other, "--yes").code == 5
        assert admin("folder", "delete", f"{other}/{app}", "--yes").code == 0
        assert answer(admin("folder", "delete", other, "--yes", "--json"))["deleted"]
        assert admin("folder", "show", other).code == 4
        assert admin("folder", "create", f"{other}/db").code == 4

    def test_accounts_are_made_shown_changed_and_deleted(
        self, admin: Keystead, server: Server, tmp_path: Path
    ) -> None:
        folder = server.unique("vault")
        path = f"{folder}/orders"
        admin("folder", "create", folder)
        key = tmp_path / "key"
        key.write_text("-----\nlines\n-----\n")
        made = answer(
            admin(
                "account", "create", path, "--username", "orders", "--target", "db:5432",
                "--type", "postgresql", "--tag", "prod,blue", "--notes", "of the shop",
                "--generate", "--field", f"key=@{key}", "--json",
            )
        )  # fmt: skip
        assert sorted(made["field_names"]) == ["key", "password"]
        assert len(admin("get", path).out) == 33
        assert admin("get", path, "--field", "key").out == key.read_text()

        late = answer(
            admin(
                "account", "set", path, "--password-stdin", "--drop-others", "--json", stdin=b"2\n"
            )
        )
        assert late["version"] == 2
        stale = admin("account", "set", path, "--password-stdin", "--cas", "1", stdin=b"3\n")
        assert stale.code == 5
        assert "cas_mismatch" in stale.err
        assert admin("get", path).out == "2\n"
        assert admin("get", path, "--version", "1", "--field", "key").out == key.read_text()
        assert answer(admin("get", made["id"], "--json")) == {
            "account_id": made["id"],
            "version": 2,
            "username": "orders",
            "fields": {"password": "2"},
            "created_at": late["created_at"],
        }
        assert admin("get", path, "--field", "key").code == 4
        assert admin("get", path, "--version", "9").code == 4
        versions = answer(admin("account", "versions", path, "--json"))["items"]
        first = answer(admin("account", "versions", path, "--limit", "1", "--json"))
        assert first["items"] == versions[:1]
        assert first["next_page_token"] is not None
        assert [each["n"] for each in versions] == [2, 1]
        assert "key" in admin("account", "versions", path).out

        edited = answer(admin("account", "edit", path, "--username", "shop", "--no-tags", "--json"))
        assert (edited["username"], edited["tags"], edited["version"]) == ("shop", [], 2)
        assert admin("account", "edit", path, "--name", "shop").code == 0
        assert "shop" in admin("account", "show", f"{folder}/shop").out
        for filters in (("--folder", folder), ("--query", "shop", "--type", "postgresql")):
            listed = answer(admin("account", "list", *filters, "--json"))
            assert made["id"] in [each["id"] for each in listed["items"]]
        assert made["id"] in admin("account", "list", "--folder", folder).out
        assert answer(admin("account", "delete", f"{folder}/shop", "--yes", "--json"))
        assert admin("get", f"{folder}/shop").code == 4
        assert admin("account", "show", made["id"]).code == 4

    def test_what_is_not_there_is_four(self, admin: Keystead) -> None:
        assert admin("get", "no/where").code == 4
        assert error(admin("get", "no/where", "--json"))["code"] == "not_found"
        assert admin("account", "create", "no/where", "--generate").code == 4


def test_owners_are_made_listed_and_disabled(admin: Keystead, server: Server) -> None:
    login = server.unique("ada").replace(" ", ".")
    name = server.unique("Ada Lovelace")
    made = answer(
        admin(
            "owner", "create", name, "--kind", "user", "--login", login, "--role", "auditor",
            "--email", "ada@example.com", "--json",
        )
    )  # fmt: skip
    for text in (made["id"], login, name):
        assert answer(admin("owner", "show", text, "--json"))["id"] == made["id"]
    assert login in admin("owner", "list", "--kind", "user", "--query", name).out
    edited = answer(
        admin("owner", "edit", login, "--role", "user,manager", "--email", "", "--json")
    )
    assert (edited["roles"], edited["email"]) == (["manager", "user"], "")
    app = server.unique("app")
    line = ("owner", "create", app, "--kind", "application", "--managed-by", login, "--json")
    assert answer(admin(*line))["managed_by"] == made["id"]
    assert answer(admin("owner", "edit", app, "--managed-by", "admin", "--json"))["managed_by"]
    token = admin("token", "create", app, "--owner", app, "--expires", "1d", "--scope",
                  "secrets:read", "--json")  # fmt: skip
    assert answer(token)["credential"]["owner"]["name"] == app
    assert (
        answer(admin("owner", "edit", app, "--state", "disabled", "--json"))["state"] == "disabled"
    )
    assert "disabled" in admin("owner", "show", app).out


def test_the_audit_is_read_on_from_a_cursor(admin: Keystead, server: Server) -> None:
    begin = answer(admin("audit", "list", "--limit", "1", "--json"))["cursor"]
    folder = server.unique("audited")
    admin("folder", "create", folder)
    admin("get", f"{folder}/nothing")
    later = answer(admin("audit", "list", "--since", begin, "--all", "--json"))["items"]
    assert any(each["object"] and each["object"]["name"] == folder for each in later)
    refused = answer(admin("audit", "list", "--decision", "refused", "--json"))["items"]
    assert all(each["decision"] == "refused" for each in refused)
    everything = answer(admin("audit", "list", "--all", "--json"))["items"]
    assert [each["n"] for each in everything] == list(range(1, len(everything) + 1))
    table = admin("audit", "list", "--limit", "3", "--after", "2026-01-01T00:00:00Z").out
    assert len(table.splitlines()) == 4
    assert (
        answer(admin("audit", "list", "--before", "2020-01-01T00:00:00Z", "--json"))["items"] == []
    )


def test_a_token_in_a_file_and_the_exit_code_reach_the_shell(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(server.admin_token + "\n")
    environ = {
        "PATH": os.environ["PATH"],
        "KEYSTEAD_URL": server.url,
        "KEYSTEAD_TOKEN_FILE": str(file),
    }
    ended = subprocess.run(
        [KEYSTEAD, "whoami", "--json"], env=environ, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout)["owner"]["kind"] == "user"
    environ["KEYSTEAD_TOKEN"] = server.admin_token
    ended = subprocess.run([KEYSTEAD, "whoami"], env=environ, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, b"")
