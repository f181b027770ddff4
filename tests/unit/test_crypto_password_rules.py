"""Which passwords are refused, and that the sentence does not repeat them."""

import time

import pytest

from keystead.core.secret import Secret
from keystead.crypto.password_rules import wrong_password
from keystead.crypto.passwords import new_password


@pytest.mark.parametrize(
    "password",
    [
        "tr0ubled-waters-9",
        "korrekt pferd heftklammer",
        "            spaces are kept",
        "пароль из пяти слов",
        "密码不应该那么容易猜到的吧",
        "gJ4#-vk2;Lq!",
        "x" * 200 + "yzabc defgq",
        "é" * 8 + "woq-",
        "\U0001f511 a key of its own",
    ],
)
def test_a_long_one_that_is_nobody_s_first_guess_is_taken(password: str) -> None:
    assert wrong_password(Secret(password)) is None


@pytest.mark.parametrize(
    "password",
    [
        "", "short", "elevenchars", "x7-" * 86, "e\u0301" * 11, "tab\tinside it all",
        "line\nbreak inside it", "\x00hidden-hidden-1", "half \ud800 of a pair",
        "\u0301" * 40 + "many marks in a row",
    ],
    ids=ascii,
)  # fmt: skip
def test_length_and_characters_are_bounded(password: str) -> None:
    rule = wrong_password(Secret(password))
    assert rule is not None
    assert not password or password not in rule


def test_its_code_points_are_counted_as_they_are_hashed() -> None:
    eleven, twelve = "abXdefgh-je\u0301", "abXdefgh-jke\u0301"
    assert (len(eleven), len(twelve)) == (12, 13)
    assert wrong_password(Secret(eleven)) == "must have 12 to 256 characters"
    assert wrong_password(Secret(twelve)) is None
    assert wrong_password(Secret("a\u0301 b \u00e9" * 51 + "x")) is None
    assert wrong_password(Secret("q7w-k" * 51 + "x")) is None
    assert wrong_password(Secret("q7w-k" * 51 + "xx")) == "must have 12 to 256 characters"


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "passwordpassword", "P@ssw0rd2024!", "Password!!!!", "qwertyuiop99",
        "1q2w3e4r5t6y", "1qaz2wsx3edc", "123456789012", "aaaaaaaaaaaa", "abcabcabcabc", "abcdefghijkl",
        "zyxwvutsrqpo", "letmein12345", "Welcome-2026", "ILoveYou2026!", "adminadmin12",
        "correcthorsebatterystaple",
        "keystead2026", "Summer Winter 24", "31.12.1999 / 00:00", "qwertz qwertz 1", "mypasswordis12",
        "\uff30\uff21\uff33\uff33\uff37\uff2f\uff32\uff241234",
    ],
)  # fmt: skip
def test_the_first_that_anybody_tries_are_refused(password: str) -> None:
    assert wrong_password(Secret(password)) is not None


@pytest.mark.parametrize(
    "password",
    ["ada.lovelace.1815", "Lovelace-Ada-1", "@da Lovel@ce 77", "ADALOVELACEada", "difference1843"],
)
def test_nor_is_one_made_of_the_owner_s_own_names(password: str) -> None:
    names = ("ada.l", "Ada Lovelace", "ada@difference.example")
    assert wrong_password(Secret(password)) is None, "of anybody else it would be taken"
    assert "log-in name" in str(wrong_password(Secret(password), *names))


def test_a_name_inside_a_longer_one_is_no_fault() -> None:
    assert wrong_password(Secret("ada weighs 7 engines"), "ada", "Ada", "") is None
    assert wrong_password(Secret("tr0ubled-waters-9"), "", "  ", "a@b") is None


def test_what_the_server_makes_is_taken() -> None:
    for _ in range(200):
        assert wrong_password(new_password()) is None


def test_the_longest_and_worst_is_judged_at_once() -> None:
    began = time.process_time()
    for worst in (
        "abcdefghijklmnopqrstuvwxyz" * 9 + "-",
        "password" * 32,
        "pass1" * 51,
        "é\u0301" * 128,
    ):
        wrong_password(Secret(worst), *["abc " * 60] * 3)
    assert time.process_time() - began < 0.5
