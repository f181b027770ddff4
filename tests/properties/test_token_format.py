"""Every token that is minted is read, and no mistake of a reader or typist passes for one."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from keystead.core.ids import BASE62, ID_LENGTH
from keystead.crypto.token_format import (
    MARKS,
    TOKEN_LENGTH,
    TokenParts,
    from_base62,
    mint,
    public_id,
    read_token,
    to_base62,
)

marks = st.sampled_from(sorted(MARKS))
id12s = st.text(BASE62, min_size=ID_LENGTH, max_size=ID_LENGTH)
places = st.integers(0, TOKEN_LENGTH - 1)


@given(marks, id12s)
def test_what_is_minted_is_read(mark: str, id12: str) -> None:
    token = mint(mark, id12).reveal()
    assert read_token(token) == TokenParts(mark, id12)
    assert token.startswith(public_id(mark, id12))


@given(marks, id12s, places, st.characters())
def test_one_wrong_character_is_refused(mark: str, id12: str, at: int, wrong: str) -> None:
    token = mint(mark, id12).reveal()
    assume(wrong != token[at])
    assert read_token(token[:at] + wrong + token[at + 1 :]) is None


@pytest.mark.parametrize("at", range(TOKEN_LENGTH))
def test_every_single_typing_error_of_one_token_is_refused(at: int) -> None:
    token = mint("t", "0123456789Az").reveal()
    typed = [token[:at] + c + token[at + 1 :] for c in BASE62 + "_-" if c != token[at]]
    assert [text for text in typed if read_token(text) is not None] == []


@given(marks, id12s, st.integers(0, TOKEN_LENGTH - 8))
def test_two_neighbours_exchanged_are_refused(mark: str, id12: str, at: int) -> None:
    token = mint(mark, id12).reveal()
    assume(token[at] != token[at + 1])
    assert read_token(token[:at] + token[at + 1] + token[at] + token[at + 2 :]) is None


@given(marks, id12s, places)
def test_one_character_too_few_or_too_many_is_refused(mark: str, id12: str, at: int) -> None:
    token = mint(mark, id12).reveal()
    assert read_token(token[:at] + token[at + 1 :]) is None
    assert read_token(token[:at] + token[at] + token[at:]) is None


@given(st.text() | st.text(BASE62 + "_", max_size=80))
@example("kst_" + "0" * 61)
@example("kst_" + "\u0660" * 61)
def test_any_other_text_is_refused_and_breaks_nothing(text: str) -> None:
    assert read_token(text) is None


@given(st.integers(0, 2**256 - 1))
def test_base62_comes_back_as_the_same_number(number: int) -> None:
    text = to_base62(number, 43)
    assert len(text) == 43
    assert from_base62(text) == number
