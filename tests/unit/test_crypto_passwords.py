import pytest
from argon2 import extract_parameters

from keystead.core.secret import Secret
from keystead.crypto.passwords import (
    NOBODYS_HASH,
    BrokenPasswordHash,
    hash_password,
    new_password,
    password_fits,
)


def test_the_right_password_is_known_and_a_wrong_one_is_not() -> None:
    hashed = hash_password(Secret("correct horse"))
    assert password_fits(Secret("correct horse"), hashed)
    assert not password_fits(Secret("correct Horse"), hashed)
    assert not password_fits(Secret(""), hashed)


def test_the_hash_says_how_it_was_made_and_differs_each_time() -> None:
    first, second = (hash_password(Secret("correct horse")) for _ in range(2))
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert "correct horse" not in first


def test_one_letter_typed_on_two_keyboards_is_one_letter() -> None:
    hashed = hash_password(Secret("caf\u00e9"))
    assert password_fits(Secret("cafe\u0301"), hashed)


def test_a_password_that_is_no_unicode_is_still_only_a_wrong_one() -> None:
    assert not password_fits(Secret("\ud800"), hash_password(Secret("x")))


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param("", id="empty"),
        pytest.param("correct horse", id="a-password"),
        pytest.param("$2b$12$abcdefghijklmnopqrstuv", id="of-another-kind"),
        pytest.param("$argon2id$v=19$m=65536,t=3,p=4$AAAA$", id="cut"),
        pytest.param("é", id="not-ascii"),
    ],
)
def test_a_stored_hash_that_cannot_be_checked_is_a_fault_and_not_a_no(stored: str) -> None:
    with pytest.raises(BrokenPasswordHash) as caught:
        password_fits(Secret("hunter2"), stored)
    assert caught.value.__suppress_context__
    assert not stored or stored not in str(caught.value)


def test_a_new_password_is_long_and_cannot_be_misread() -> None:
    found = {new_password().reveal() for _ in range(100)}
    assert len(found) == 100
    assert {len(password) for password in found} == {24}
    assert set("0Oo1Il") & set("".join(found)) == set()


def test_nobody_s_hash_takes_as_long_as_anybody_s() -> None:
    assert extract_parameters(NOBODYS_HASH) == extract_parameters(hash_password(Secret("x")))
    assert not password_fits(Secret(""), NOBODYS_HASH)
