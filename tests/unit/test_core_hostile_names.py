"""Names and texts that were written to mislead the eye or to keep the server busy."""

from __future__ import annotations

import time
import unicodedata

import pytest

from keystead.core.names import MAX_MARKS, MAX_NAME, name_key, wrong_name, wrong_text
from keystead.policy.catalogue.catalogue import APIs
from keystead.policy.scopes import Access, wrong_access
from keystead.vault.account import MAX_TAGS, AccountWish

# Two marks of different classes in the wrong order: each pair has to change places with all before it.
OUT_OF_ORDER = "\u0315\u0300"


@pytest.mark.parametrize(
    "sign",
    ["\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180e", "\u180f", "\u2800", "\u3164",
     "\ufe00", "\ufe0f", "\uffa0", "\U000e0100", "\U000e01ef", "\u200b", "\u2060", "\U000e0041"],
    ids=ascii,
)  # fmt: skip
def test_a_name_holds_nothing_that_cannot_be_seen(sign: str) -> None:
    assert wrong_name(f"ad{sign}min") is not None
    assert wrong_name(f"ad{sign}min", in_path=True) is not None


def test_a_name_holds_no_more_marks_in_a_row_than_any_script_needs() -> None:
    assert wrong_name("a" + "\u0300" * MAX_MARKS) is None
    assert wrong_name(("a" + "\u0300" * MAX_MARKS) * 8) is None
    assert wrong_name("a" + "\u0300" * (MAX_MARKS + 1)) is not None
    assert wrong_text("a" + "\u0300" * (MAX_MARKS + 1), 1000) is not None
    assert wrong_text("n\u0303o" * 300, 1000) is None


@pytest.mark.parametrize("length", [MAX_NAME + 1, 2_000, 500_000])
def test_what_is_too_long_for_a_name_is_judged_at_once(length: int) -> None:
    hostile = "a" + OUT_OF_ORDER * (length // 2)
    began = time.thread_time()
    assert wrong_name(hostile, in_path=True) is not None
    assert name_key(hostile) is not None
    assert AccountWish(name=hostile, tags=(hostile,) * (MAX_TAGS + 1)).wrong()
    assert AccountWish(username=hostile, target=hostile, tags=(hostile,) * 2).wrong()
    assert time.thread_time() - began < 0.5


def test_each_tag_that_is_too_long_is_named_and_none_is_compared() -> None:
    hostile = "a" + OUT_OF_ORDER * 10_000
    wrong = AccountWish(tags=("good", hostile, hostile, "GOOD")).wrong()
    assert [(error.field, error.message) for error in wrong] == [
        ("tags[1]", "must have at most 64 characters"),
        ("tags[2]", "must have at most 64 characters"),
        ("tags[3]", "stands twice"),
    ]


def test_every_name_that_is_taken_has_a_key_that_is_quickly_made() -> None:
    name = ("a" + OUT_OF_ORDER * (MAX_MARKS // 2)) * 8
    assert wrong_name(name) is None
    began = time.thread_time()
    for _ in range(100):
        assert unicodedata.is_normalized("NFKC", name_key(name))
    assert time.thread_time() - began < 0.5


def test_many_wrong_scopes_are_judged_at_once() -> None:
    began = time.thread_time()
    wrong_access((Access("keystead", ("no:scope",)),) * 5_000, APIs())
    assert time.thread_time() - began < 0.5
