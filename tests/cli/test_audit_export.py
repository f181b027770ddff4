"""Row K17: the audit exported through a server, filtered, as JSON Lines and as CSV."""

from __future__ import annotations

import csv
import json
import stat
from typing import TYPE_CHECKING

from tests.cli.conftest import Keystead, answer, error

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.running import Server

EXPORT = ("audit", "export")


def test_k17_what_the_list_filters_the_export_filters(admin: Keystead, server: Server) -> None:
    name = server.unique("exported")
    line = ("token", "create", name, "--expires", "30d", "--scope", "folders:list", "--json")
    made = answer(admin(*line))["credential"]
    admin("token", "disable", name)
    for filters, verbs in (
        (("--object", made["id"]), ["credential.create", "credential.disable"]),
        (("--object", made["id"], "--verb", "credential.disable"), ["credential.disable"]),
        (("--object", made["id"], "--decision", "refused"), []),
        (("--object", made["id"], "--before", "1d"), []),
        (("--object", made["id"], "--after", "1h", "--node", "0"), None),
    ):
        found = [json.loads(text) for text in admin(*EXPORT, *filters).out.splitlines()]
        expected = ["credential.create", "credential.disable"] if verbs is None else verbs
        assert [each["entry"]["event"]["verb"] for each in found] == expected
        rows = list(csv.DictReader(admin(*EXPORT, *filters, "--format", "csv").out.splitlines()))
        assert [row["verb"] for row in rows] == expected


def test_k17_unfiltered_it_ends_with_its_checkpoint(
    admin: Keystead, server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "audit.jsonl"
    said = answer(admin(*EXPORT, "--out", str(out), "--json"))
    assert said == {"bytes": out.stat().st_size, "out": str(out)}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    *lines, last = out.read_bytes().splitlines()
    numbers = [json.loads(line)["n"] for line in lines]
    assert numbers == list(range(1, len(lines) + 1))
    assert json.loads(last)["checkpoint"].startswith("ksac1 0 ")
    assert admin(*EXPORT, "--out", str(out)).code == 2


def test_a_refused_export_leaves_no_file(
    keystead: Keystead, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = server.token("audit:read")
    monkeypatch.setenv("KEYSTEAD_URL", server.url)
    monkeypatch.setenv("KEYSTEAD_TOKEN", token)
    out = tmp_path / "none.csv"
    refused = keystead(*EXPORT, "--out", str(out), "--format", "csv")
    assert refused.code == 3
    assert "audit:export" in refused.err
    assert not out.exists()
    wrong = keystead(*EXPORT, "--after", "soon", "--json", "--out", str(out))
    assert (wrong.code, error(wrong)["code"]) == (2, "usage")
