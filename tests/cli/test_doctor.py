"""What `keystead doctor` finds: each fault made for real, named by its check, with what to do about it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.running import initialise

if TYPE_CHECKING:
    from tests.cli.conftest import Keystead

DATABASE = "keystead.db"
HOUR = 3_600_000_000


def changed(*statements: str) -> Callable[[Path], None]:
    def spoil(data: Path) -> None:
        with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as base:
            for statement in statements:
                base.execute(statement)

    return spoil


def overwritten(data: Path) -> None:
    with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        size = base.execute("PRAGMA page_size").fetchone()[0]
        found = base.execute("SELECT rootpage FROM sqlite_master WHERE name = 'folders'").fetchone()
    with (data / DATABASE).open("r+b") as file:
        file.seek((found[0] - 1) * size)
        file.write(b"\xff" * size)


FAULTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a directory others may look into": (
        lambda data: data.chmod(0o755),
        "data directory",
        "chmod 700",
    ),
    "a key file others may read": (
        lambda data: (data / "master.key").chmod(0o644),
        "master key",
        "others than its owner",
    ),
    "no key file": (lambda data: (data / "master.key").unlink(), "master key", "master.key"),
    "a newer version's revision": (
        changed("UPDATE alembic_version SET version_num = '9999'"),
        "schema",
        "revision 9999, which a newer version",
    ),
    "no database": (lambda data: (data / DATABASE).unlink(), "schema", "keystead init"),
    "a damaged file": (overwritten, "database", "backup"),
    "folders in a circle": (
        changed(
            "PRAGMA foreign_keys=OFF",
            "INSERT INTO folders"
            " (id, name, name_key, parent_id, created_by, created_at, modified_at, revision)"
            " VALUES ('fld_a', 'a', 'a', 'fld_b', 'own_x', 1, 1, 1),"
            " ('fld_b', 'b', 'b', 'fld_a', 'own_x', 1, 1, 1)",
        ),
        "folders",
        "hang from no top",
    ),
    "a head nobody signed": (
        changed("UPDATE audit_heads SET mac = zeroblob(32)"),
        "audit head",
        "not signed by this installation",
    ),
    "a last entry that was taken away": (
        changed("DELETE FROM audit_entries WHERE n = (SELECT max(n) FROM audit_entries)"),
        "audit head",
        "not the last entry",
    ),
    "a last entry that was edited": (
        changed(
            "UPDATE audit_entries SET entry = CAST(replace(entry, 'create', 'delete') AS BLOB)"
            " WHERE n = (SELECT max(n) FROM audit_entries)"
        ),
        "audit head",
        "was changed",
    ),
    "an entry that is no entry": (
        changed("UPDATE audit_entries SET entry = 'nonsense'"),
        "audit head",
        "cannot be examined: TypeError",
    ),
    "a clock that went back": (
        changed(f"UPDATE audit_entries SET at = at + {2 * HOUR}"),
        "clock",
        "went back",
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("doctor") / "data"
    initialise(data)
    return data


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_by_its_check(
    keystead: Keystead, made: Path, tmp_path: Path, fault: str
) -> None:
    spoil, check, words = FAULTS[fault]
    data = tmp_path / "data"
    shutil.copytree(made, data)
    spoil(data)
    ended = keystead("doctor", "--data", str(data), "--json")
    assert ended.code == 9, ended.out
    found = {each["check"]: each for each in json.loads(ended.out)["findings"]}
    assert not found[check]["ok"]
    assert words in found[check]["sentence"]
    plain = keystead("doctor", "--data", str(data))
    assert plain.code == 9
    assert words in plain.out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a file system")
def test_a_full_disk_is_found(made: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    # In a mount namespace of its own, so that nothing is left to be unmounted.
    script = f"""
        mount -t tmpfs -o size=64m,mode=700 keystead {small} && cp -a {made} {small}/data &&
        {Path(sys.executable).with_name("keystead")} doctor --data {small}/data --json
    """
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 9, done.stderr
    found = {each["check"]: each for each in json.loads(done.stdout)["findings"]}
    assert not found["disk space"]["ok"]
    assert "MiB are free; without space no act can be entered" in found["disk space"]["sentence"]
