import re
import zlib

import pytest

from keystead.core.ids import BASE62
from keystead.core.secret import Secret
from keystead.crypto.token_format import (
    MARKS,
    TOKEN_LENGTH,
    TOKEN_PATTERN,
    TokenParts,
    check_digits,
    from_base62,
    mint,
    new_id12,
    public_id,
    read_secret,
    read_token,
    to_base62,
    token_within,
    without_tokens,
)


@pytest.mark.parametrize("mark", MARKS)
def test_a_minted_token_has_the_published_form(mark: str) -> None:
    token = mint(mark, "0123456789Az").reveal()
    assert len(token) == TOKEN_LENGTH
    assert token.startswith(f"ks{mark}_0123456789Az")
    assert re.fullmatch(TOKEN_PATTERN, token)
    assert from_base62(token[-6:]) == zlib.crc32(token[:-6].encode())


def test_a_scanner_finds_a_token_in_a_line_and_not_in_longer_words() -> None:
    token = mint("t", new_id12()).reveal()
    assert re.findall(TOKEN_PATTERN, f'KEYSTEAD_TOKEN="{token}";') == [token]
    assert re.findall(TOKEN_PATTERN, f"x{token}") == []
    assert re.findall(TOKEN_PATTERN, f"{token}0") == []


def test_two_tokens_of_one_credential_differ_in_the_secret_alone() -> None:
    id12 = new_id12()
    first, second = mint("k", id12).reveal(), mint("k", id12).reveal()
    assert first != second
    assert first[:16] == second[:16] == public_id("k", id12)


@pytest.mark.parametrize(
    ("mark", "id12"),
    [("x", "0123456789Az"), ("", "0123456789Az"), ("t", "short"), ("t", "0123456789-z")],
)
def test_nothing_is_minted_in_another_form(mark: str, id12: str) -> None:
    with pytest.raises(ValueError, match=r"mark|twelve"):
        mint(mark, id12)


def test_a_presented_secret_is_taken_apart_without_being_revealed() -> None:
    assert read_secret(mint("s", "0123456789Az")) == TokenParts("s", "0123456789Az")
    assert read_secret(Secret("hunter2")) is None


def test_the_largest_check_still_has_six_digits() -> None:
    assert to_base62(0xFFFFFFFF, 6) == "4gfFC3"
    assert len(check_digits("")) == 6


def test_a_check_above_32_bits_is_refused_and_breaks_nothing() -> None:
    token = mint("t", new_id12()).reveal()
    assert read_token(token[:-6] + "zzzzzz") is None


def test_base62_is_fixed_in_width_and_refuses_what_does_not_fit() -> None:
    assert to_base62(61, 3) == "00z"
    assert from_base62("00z") == 61
    assert from_base62("0-z") is None
    assert "".join(to_base62(i, 1) for i in range(62)) == BASE62
    with pytest.raises(ValueError, match="fit"):
        to_base62(62**3, 3)
    with pytest.raises(ValueError, match="fit"):
        to_base62(-1, 3)


@pytest.mark.parametrize(
    "around",
    ["{}", "Bearer {}", "x{}y", "/api/v1/{}/", "agent/1.0 ({})", "ks_{}", "{0} {0}", "{0}{0}"],
)
def test_of_a_token_in_a_text_only_the_public_id_is_left(around: str) -> None:
    token = mint("t", "0123456789ab").reveal()
    text = around.format(token)
    found = token_within(text)
    assert found is not None
    assert found.reveal() == token
    told = without_tokens(text)
    assert told.count("kst_0123456789ab…") == text.count(token)
    assert not any(token[n : n + 8] in told for n in range(16, 58))


@pytest.mark.parametrize("length", [17, 20, 40, 64, 66, 80])
def test_a_token_that_was_cut_or_grew_is_redacted_too(length: int) -> None:
    token = mint("t", "0123456789ab").reveal().ljust(80, "0")[:length]
    assert without_tokens(f"a {token} b") == "a kst_0123456789ab… b"


@pytest.mark.parametrize("text", ["", "acct_0123456789ab", "kst_0123456789ab", "tasks_of_mine"])
def test_a_text_without_a_token_stays_as_it_is(text: str) -> None:
    assert token_within(text) is None
    assert without_tokens(text) == text


JWT = f"ey{'J0' * 12}.ey{'K1' * 40}.{'s-_' * 29}"


@pytest.mark.parametrize("around", ["{}", "/v1?access_token={}&x=1", "Bearer {}, and", "{} {}"])
def test_a_jwt_in_a_text_is_found_and_loses_its_signature(around: str) -> None:
    text = around.format(JWT, JWT)
    found = token_within(text)
    assert found is not None
    assert found.reveal() == JWT
    told = without_tokens(text)
    assert "s-_s" not in told
    assert told.count(".…") == text.count(JWT)


@pytest.mark.parametrize(
    "text", ["key.pem", "https://keys.example.com/eyes.html", "they.were.eyed"]
)
def test_what_only_looks_a_little_like_one_stays(text: str) -> None:
    assert token_within(text) is None
    assert without_tokens(text) == text
