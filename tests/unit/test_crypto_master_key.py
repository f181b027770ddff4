import os
import resource
import stat
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keystead.core.errors import Misconfigured
from keystead.crypto.keyring import create_master_key, read_master_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "master.key"


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_created_master_key_is_read_back(path: Path) -> None:
    made = create_master_key(path)
    assert read_master_key(path).key_id == made.key_id
    assert len(made.key_id) == 8
    assert path.read_text().startswith("ksmk1_")


def test_the_file_is_its_owners_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        create_master_key(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_existing_master_key_is_never_overwritten(path: Path) -> None:
    create_master_key(path)
    before = path.read_bytes()
    with pytest.raises(Misconfigured, match="exists already and is kept"):
        create_master_key(path)
    assert path.read_bytes() == before


def test_a_name_that_points_elsewhere_is_not_followed_when_making(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(Misconfigured, match="exists already"):
        create_master_key(path)


def test_no_half_key_is_left_when_the_disk_is_full(path: Path) -> None:
    with files_no_longer_than(10), pytest.raises(Misconfigured, match="Cannot write"):
        create_master_key(path)
    assert not path.exists()


def test_a_missing_directory_is_told(path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"Cannot make .* No such file or directory"):
        create_master_key(path / "absent")


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o660, 0o644, 0o610, 0o601, 0o444])
def test_a_file_that_others_can_use_is_refused(path: Path, mode: int) -> None:
    create_master_key(path)
    path.chmod(mode)
    with pytest.raises(Misconfigured, match=f"mode {mode:04o}.* chmod 600"):
        read_master_key(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_the_owner_alone_is_read(path: Path, mode: int) -> None:
    made = create_master_key(path)
    path.chmod(mode)
    assert read_master_key(path).key_id == made.key_id


def test_an_absent_file_is_told_with_what_to_do(path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"is absent.* restore it"):
        read_master_key(path)


def test_a_path_through_a_file_is_told(path: Path) -> None:
    create_master_key(path)
    with pytest.raises(Misconfigured, match="Cannot read"):
        read_master_key(path / "key")


def test_a_directory_is_no_master_key(path: Path) -> None:
    path.mkdir(mode=0o700)
    with pytest.raises(Misconfigured, match="not a regular file"):
        read_master_key(path)


def test_a_pipe_does_not_stop_the_start(path: Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(Misconfigured, match="not a regular file"):
        read_master_key(path)


def test_an_editor_may_have_ended_the_line_in_its_own_way(path: Path) -> None:
    made = create_master_key(path)
    line = path.read_text().rstrip("\n")
    for end in ("", "\n", "\r\n"):
        path.write_bytes((line + end).encode())
        assert read_master_key(path).key_id == made.key_id


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: "", id="empty"),
        pytest.param(lambda line: line[:-1], id="cut"),
        pytest.param(lambda line: line + "0", id="longer"),
        pytest.param(lambda line: line + "\n\nmore", id="more-lines"),
        pytest.param(lambda line: "ksmk2_" + line[6:], id="another-mark"),
        pytest.param(
            lambda line: line[:20] + ("0" if line[20] != "0" else "1") + line[21:], id="typo"
        ),
        pytest.param(lambda line: line[:20] + "-" + line[21:], id="not-base62"),
        pytest.param(lambda line: line[:20] + "é" + line[21:], id="not-ascii"),
        pytest.param(lambda _: "ksmk1_" + "z" * 49, id="more-than-256-bits"),
    ],
)
def test_a_damaged_key_is_refused_and_not_repeated(path: Path, damage: object) -> None:
    create_master_key(path)
    line = path.read_text().rstrip("\n")
    assert callable(damage)
    path.write_text(damage(line))
    with pytest.raises(Misconfigured, match="not a whole master key") as caught:
        read_master_key(path)
    told = "".join(traceback.format_exception(caught.value))
    assert line[6:26] not in told
