"""The master key: what is wrong with it is said at the start, in words, and nothing is served or written."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from keystead.cli.app import run
from keystead.core.errors import Misconfigured
from keystead.crypto.keyring import create_master_key, read_master_key
from keystead.house import House
from keystead.settings import Settings
from keystead.settings_file import MASTER_KEY
from tests.gate.houses import SetClock
from tests.store.installations import copy_of_an_installation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    copy_of_an_installation(tmp_path / "data")
    return tmp_path / "data"


def missing(key: Path) -> None:
    key.unlink()


def readable_by_all(key: Path) -> None:
    key.chmod(0o644)


def readable_by_the_group(key: Path) -> None:
    key.chmod(0o640)


def mistyped(key: Path) -> None:
    text = key.read_text()
    key.write_text(text[:20] + ("A" if text[20] != "A" else "B") + text[21:])


def cut(key: Path) -> None:
    key.write_text(key.read_text()[:30])


def empty(key: Path) -> None:
    key.write_text("")


def no_text(key: Path) -> None:
    key.write_bytes(b"\xff\xfe\0" * 20)


def a_folder(key: Path) -> None:
    key.unlink()
    key.mkdir(mode=0o700)


def another_key(key: Path) -> None:
    key.unlink()
    create_master_key(key)


WRONG = [
    missing, readable_by_all, readable_by_the_group, mistyped, cut, empty, no_text, a_folder,
    another_key,
]  # fmt: skip


@pytest.mark.parametrize("spoil", WRONG)
def test_a_house_is_not_built_without_its_key(data: Path, spoil: Callable[[Path], None]) -> None:
    spoil(data / MASTER_KEY)
    with pytest.raises(Misconfigured) as caught:
        House(Settings(data, data / MASTER_KEY), SetClock())
    assert "key" in str(caught.value).lower()


@pytest.mark.parametrize("spoil", WRONG)
@pytest.mark.parametrize(
    "words", [("serve", "--listen", "127.0.0.1:0"), ("audit", "verify"), ("doctor",)]
)
def test_the_command_line_says_so_and_ends_with_nine(
    data: Path,
    spoil: Callable[[Path], None],
    words: tuple[str, ...],
    capfd: pytest.CaptureFixture[str],
) -> None:
    key = (data / MASTER_KEY).read_text().strip()
    spoil(data / MASTER_KEY)
    before = dump(data)
    assert run([*words, "--data", str(data)]) == 9
    said = capfd.readouterr()
    told = said.out + said.err
    assert "key" in told.lower()
    assert "Traceback" not in told
    assert key[6:20] not in told, "the key itself is not repeated"
    assert dump(data) == before


def test_a_wrong_key_is_told_with_both_ids(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    needed = read_master_key(data / MASTER_KEY).key_id
    another_key(data / MASTER_KEY)
    given = read_master_key(data / MASTER_KEY).key_id
    with pytest.raises(Misconfigured) as caught:
        House(Settings(data, data / MASTER_KEY), SetClock())
    assert needed in str(caught.value)
    assert given in str(caught.value)
    assert run(["serve", "--data", str(data), "--listen", "127.0.0.1:0"]) == 9
    said = capfd.readouterr().err
    assert needed in said
    assert given in said


def test_a_key_kept_elsewhere_is_found_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "safe"
    shutil.move(data / MASTER_KEY, elsewhere)
    assert run(["audit", "verify", "--data", str(data)]) == 9
    monkeypatch.setenv("KEYSTEAD_MASTER_KEY_FILE", str(elsewhere))
    assert run(["audit", "verify", "--data", str(data)]) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE keyring SET wrapped = zeroblob(61) WHERE purpose = 'seal'",
        "UPDATE keyring SET wrapped = x'' WHERE purpose = 'pepper'",
        (
            "UPDATE keyring SET wrapped = (SELECT wrapped FROM keyring WHERE purpose = 'seal')"
            " WHERE purpose = 'audit'"
        ),
        "DELETE FROM keyring WHERE purpose = 'pepper'",
        "INSERT INTO keyring SELECT 'future', n, wrapped, created_at, NULL, 0 FROM keyring LIMIT 1",
        "UPDATE installation SET master_key_id = '00000000'",
    ],
)
def test_a_keyring_that_was_touched_opens_nothing(data: Path, statement: str) -> None:
    with closing(sqlite3.connect(data / "keystead.db")) as base:
        base.execute(statement)
        base.commit()
    with pytest.raises(Misconfigured):
        House(Settings(data, data / MASTER_KEY), SetClock())


def dump(data: Path) -> str:
    with closing(sqlite3.connect(f"file:{data / 'keystead.db'}?mode=ro", uri=True)) as base:
        return "\n".join(base.iterdump())
