"""`keystead token import`: files of tokens that another system made."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Keystead, answer, error
from tests.doors.importing import item, old_token
from tests.running import Server


def lines(*found: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in found)


@pytest.mark.parametrize("form", [lines, lambda *found: json.dumps(found, indent=1)])
def test_a_file_is_imported(admin: Keystead, server: Server, tmp_path: Path, form: Any) -> None:  # noqa: ANN401
    tokens = [old_token(), old_token()]
    asked = [item(server, token) for token in tokens]
    file = tmp_path / "tokens.json"
    file.write_text(form(*asked))
    done = admin("token", "import", str(file))
    assert done.code == 0, done.err
    header, *rows = done.out.splitlines()
    assert header.split() == ["ID", "NAME", "OWNER", "EXPIRES"]
    assert [each["name"] in row for each, row in zip(asked, rows, strict=True)] == [True, True]
    assert server.call("GET", "/api/v1/whoami", token=tokens[1]).status == 200
    assert not any(token in done.out + done.err for token in tokens)
    shown = " ".join(admin("token", "show", asked[0]["name"]).out.split())
    assert "legacy: an imported token is accepted; rotate it" in shown


def test_standard_input_is_imported(admin: Keystead, server: Server) -> None:
    wanted = item(server, old_token())
    stdin = ("\n" + lines(wanted)).encode()
    found = answer(admin("token", "import", "-", "--json", stdin=stdin))
    assert [(each["name"], each["legacy"]) for each in found["items"]] == [(wanted["name"], True)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}\n{"a"', "line 2, holds no JSON"),
        ('{"a": 1}\n7\n', "line 2, holds no JSON object"),
        ("[7]", "holds something else than JSON objects"),
        ("[", "holds no JSON"),
    ],
)
def test_a_file_of_another_form_is_misuse(
    admin: Keystead, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(text)
    done = admin("token", "import", str(file))
    assert done.code == 2
    assert said in done.err
    assert admin("token", "import", str(tmp_path / "none")).code == 2


def test_a_refusal_names_the_item(admin: Keystead, server: Server) -> None:
    wanted = item(server, old_token())
    stdin = lines(wanted, {**wanted, "sha256": "no"}).encode()
    found = error(admin("token", "import", "-", "--json", stdin=stdin))
    assert "items[1].sha256" in {each["field"] for each in found["errors"]}
