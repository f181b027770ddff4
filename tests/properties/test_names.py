"""Keys of names, whatever the script."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from keystead.core.names import clean_name, name_key, wrong_name, wrong_text

ANY = st.text(st.characters(), max_size=40)


@given(ANY)
@example("\u0345\u0301")
@example("\u1e9e")
@example("\u00b8")
@example("\u0130")
def test_a_key_is_its_own_key(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)


@given(ANY)
def test_spelling_and_case_and_space_around_change_no_key(text: str) -> None:
    key = name_key(text)
    assert name_key(f" {text}\t") == key
    assert name_key(unicodedata.normalize("NFC", text)) == key
    assert name_key(unicodedata.normalize("NFD", text)) == key


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_the_short_way_for_ascii_gives_the_same_key(text: str) -> None:
    folded = unicodedata.normalize("NFKC", clean_name(text)).casefold()
    assert name_key(text) == unicodedata.normalize("NFKC", folded)


@given(ANY)
def test_what_is_taken_in_a_path_is_no_step_and_has_none_in_it(text: str) -> None:
    if wrong_name(text, in_path=True) is None:
        for spelt in (clean_name(text), name_key(text)):
            assert "/" not in spelt
            assert spelt not in {"", ".", ".."}


@given(ANY, st.integers(0, 40))
def test_judging_never_fails(text: str, limit: int) -> None:
    for rule in (wrong_name(text), wrong_text(text, limit), wrong_text(text, limit, lines=True)):
        assert rule is None or isinstance(rule, str)
