"""The master key from the environment and from a passphrase."""

import traceback
from pathlib import Path

import pytest

from keystead.core.errors import Misconfigured
from keystead.core.secret import Secret
from keystead.crypto.keyring import create_master_key
from keystead.crypto.master.key import new_master_key_text
from keystead.crypto.master.source import (
    LEAST_PASSPHRASE,
    KeyFile,
    KeyText,
    Passphrase,
    new_derivation,
    open_master,
)

# Quick to make, and what the first passphrase ever made of a salt of zeros.
QUICK = "argon2id$v=19$m=64,t=1,p=1$" + "A" * 22
PHRASE = Secret("correct horse battery staple")
GIVEN = Passphrase(PHRASE, "KEYSTEAD_MASTER_PASSPHRASE")


def test_a_key_is_the_same_in_its_file_and_in_the_environment(tmp_path: Path) -> None:
    made = create_master_key(tmp_path / "master.key")
    text = Secret((tmp_path / "master.key").read_text())
    found = open_master(KeyText(text, "KEYSTEAD_MASTER_KEY"))
    assert found.key_id == made.key_id == open_master(KeyFile(tmp_path / "master.key")).key_id
    assert found.derivation == ""


def test_new_texts_are_keys_and_differ() -> None:
    first, second = (open_master(KeyText(new_master_key_text(), "X")).key_id for _ in range(2))
    assert first != second


@pytest.mark.parametrize("text", ["", "hunter2hunter2", "ksmk1_" + "0" * 49, "\N{BOMB}"])
def test_a_text_that_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(Misconfigured, match="KEYSTEAD_MASTER_KEY holds no whole") as caught:
        open_master(KeyText(Secret(text), "KEYSTEAD_MASTER_KEY"))
    assert not text or text not in "".join(traceback.format_exception(caught.value))


def test_a_passphrase_makes_the_same_key_everywhere(tmp_path: Path) -> None:
    """A golden vector: an update of the library that made another key would lock everybody out."""
    file = tmp_path / "phrase"
    file.touch(0o600)
    file.write_text(f"{PHRASE.reveal()}\r\n")
    here = open_master(GIVEN, QUICK)
    assert here.key_id == open_master(Passphrase(file, "master_passphrase_file"), QUICK).key_id
    assert here.key_id == "c905d10e"
    assert here.derivation == QUICK


def test_one_passphrase_typed_at_two_keyboards_is_one() -> None:
    composed, decomposed = (
        open_master(Passphrase(Secret(f"caf{e} caf{e} caf{e} caf{e}"), "X"), QUICK).key_id
        for e in ("\u00e9", "e\u0301")
    )
    assert composed == decomposed


def test_each_new_derivation_has_a_salt_of_its_own_and_opens() -> None:
    first, second = new_derivation(GIVEN), new_derivation(GIVEN)
    assert first != second
    assert first.startswith("argon2id$v=19$m=262144,t=3,p=4$")
    assert open_master(GIVEN, first).key_id != open_master(GIVEN, QUICK).key_id


def test_a_short_passphrase_is_not_taken_for_a_new_key() -> None:
    short = Passphrase(Secret("x" * (LEAST_PASSPHRASE - 1)), "KEYSTEAD_MASTER_PASSPHRASE")
    with pytest.raises(Misconfigured, match="16 characters or more"):
        new_derivation(short)
    assert new_derivation(KeyText(PHRASE, "X")) == ""


@pytest.mark.parametrize(
    ("derivation", "told"),
    [
        ("", "not made of a passphrase"),
        ("argon2id", "unknown form"),
        (QUICK.replace("argon2id", "argon2i"), "unknown form"),
        (QUICK.replace("m=64", "m=99999999"), "unknown form"),
        (QUICK.replace("t=1", "t=999"), "unknown form"),
        (QUICK.replace("t=1", "t=0"), "unknown form"),
        (QUICK.replace("p=1", "p=0"), "unknown form"),
        (QUICK.replace("p=1", "p=16"), "unknown form"),
        (QUICK[:-1], "unknown form"),
    ],
)
def test_what_the_database_says_of_it_is_bounded(derivation: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        open_master(GIVEN, derivation)


@pytest.mark.parametrize(
    ("contents", "mode", "told"),
    [
        (None, 0, "passphrase file .* is absent"),
        (b"correct horse battery staple", 0o644, "chmod 600"),
        (b"", 0o600, "holds no passphrase"),
        (b"\n", 0o600, "holds no passphrase"),
        (b"\xff" * 20, 0o600, "not UTF-8"),
        (b"x" * 1025, 0o600, "longer than 1024"),
        (b"x" * 9999, 0o600, "longer than 1024"),
    ],
)
def test_a_passphrase_file_of_another_form_is_refused(
    tmp_path: Path, contents: bytes | None, mode: int, told: str
) -> None:
    file = tmp_path / "phrase"
    if contents is not None:
        file.write_bytes(contents)
        file.chmod(mode)
    with pytest.raises(Misconfigured, match=told):
        open_master(Passphrase(file, "master_passphrase_file"), QUICK)


def test_nothing_of_a_passphrase_is_printed() -> None:
    assert "horse" not in repr(GIVEN) + str(GIVEN) + repr(KeyText(PHRASE, "X"))
