"""Names and free texts: what is refused, and when two names are the same."""

import unicodedata
from collections import Counter

import pytest

from keystead.core.ids import BASE62, is_id, new_id, random_base62
from keystead.core.names import MAX_NAME, clean_name, name_key, wrong_name, wrong_text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Orders", "orders"),
        ("ORDERS", "oRdErS"),
        (" orders ", "orders"),
        ("stra\u00dfe", "STRASSE"),
        ("\ufb01le", "file"),
        ("caf\u00e9", "cafe\u0301"),
        ("\uff4f\uff50\uff53", "ops"),
        ("\u2460", "1"),
        ("\u212b", "\u00e5"),
        ("\u0130", "i\u0307"),
        ("\u03a3", "\u03c2"),
    ],
)
def test_names_that_look_or_fold_alike_are_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("orders", "order"), ("a b", "ab"), ("a", "\u0430")])
def test_names_that_differ_stay_apart(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "Orders DB (staging)",
        "\u65e5\u672c\u8a9e",
        "a\u00a0b",
        "1",
        "...",
        "a.b",
        "-",
        "\U0001f511",
    ],
)
def test_printable_names_are_taken(name: str) -> None:
    assert wrong_name(name) is None
    assert wrong_name(name, in_path=True) is None or "\u2026" in name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\t\n",
        "\u2003",
        "a\x00b",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\x1b[31mb",
        "a\x7fb",
        "a\x85b",
        "a\u200bb",
        "a\u200db",
        "a\u202eb",
        "a\u2066b",
        "a\ufeffb",
        "a\u00adb",
        "a\u2028b",
        "a\u2029b",
        "a\ud800b",
        "a\ue000b",
        "a\uffffb",
        "a\U000e0041b",
        "x" * (MAX_NAME + 1),
    ],
    ids=ascii,
)
def test_names_that_cannot_be_seen_or_are_too_long_are_refused(name: str) -> None:
    assert wrong_name(name) is not None


def test_a_name_of_the_greatest_length_is_taken_white_space_around_it_not_counted() -> None:
    assert wrong_name(" " + "x" * MAX_NAME + " ") is None
    assert clean_name("  a b ") == "a b"


@pytest.mark.parametrize(
    "name",
    ["a/b", "/", "/a", "a/", ".", "..", " .. ", "\uff0f", "a\uff0fb", "\u2100",
     "a\u2105b", "\u2024", "\u2025", "\uff0e\uff0e"],
    ids=ascii,
)  # fmt: skip
def test_no_name_in_a_path_is_or_looks_like_a_step(name: str) -> None:
    assert wrong_name(name, in_path=True) is not None


def test_every_sign_that_folds_to_a_slash_is_refused_in_a_path() -> None:
    signs = [chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000]
    slashes = [c for c in signs if "/" in unicodedata.normalize("NFKC", c)]
    assert len(slashes) > 3
    assert [c for c in slashes if wrong_name(f"a{c}b", in_path=True) is None] == []


def test_a_free_text_may_have_lines_where_that_is_said() -> None:
    assert wrong_text("a\nb\tc\r\n", 10, lines=True) is None
    assert wrong_text("a\nb", 10) is not None
    assert wrong_text("a\x00b", 10, lines=True) is not None
    assert wrong_text("a\x1bb", 10, lines=True) is not None
    assert wrong_text("\ud800", 10, lines=True) is not None
    assert wrong_text("x" * 11, 10) is not None
    assert wrong_text("", 10) is None


def test_an_id_is_a_prefix_and_twelve_signs() -> None:
    made = {new_id("acct") for _ in range(200)}
    assert len(made) == 200
    assert all(is_id("acct", each) for each in made)
    assert set(random_base62(5000)) == set(BASE62)


def test_no_character_of_an_id_is_favoured() -> None:
    found = Counter(random_base62(62_000))
    # Six standard deviations and more from the mean, which is 1,000.
    assert all(800 < found[character] < 1200 for character in BASE62)


@pytest.mark.parametrize(
    "text",
    ["", "acct_", "acct_0123456789a", "acct_0123456789abc", "cred_0123456789ab", "ACCT_0123456789ab",
     "acct_0123456789a-", "acct_0123456789a\n", "acct_\u0660123456789ab", "acct0123456789ab",
     " acct_0123456789ab"],
)  # fmt: skip
def test_what_is_no_id_is_not_taken_for_one(text: str) -> None:
    assert not is_id("acct", text)
