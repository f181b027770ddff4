import re
import zlib
from time import process_time

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

HEADER = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsifQ"
JWT = f"{HEADER}.eyJpc3MiOiJodHRwczovL2sifQ.{'s-_8' * 21}xy"


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


@pytest.mark.parametrize(
    "around",
    ["{}", "Bearer {}", "x={}&y", "/api/v1/{}/", "agent/1.0 ({})", "jwt_{}", "{0} {0}"],
)
def test_of_a_signed_jwt_in_a_text_only_the_header_is_left(around: str) -> None:
    text = around.format(JWT)
    found = token_within(text)
    assert found is not None
    assert found.reveal() == JWT
    assert without_tokens(text) == around.format(f"{HEADER}.…")


def test_a_jwt_behind_a_dot_is_redacted_whole() -> None:
    found = token_within(f"a.{JWT}.b")
    assert found is not None
    assert found.reveal() == JWT
    assert without_tokens(f"a.{JWT}.b") == "a.…"


@pytest.mark.parametrize("left", [1, 10, 39, 86])
def test_a_signature_that_was_cut_is_redacted_too(left: int) -> None:
    cut = JWT[: len(JWT) - 86 + left]
    assert without_tokens(f"a {cut} b") == f"a {HEADER}.… b"


def test_a_token_and_a_jwt_in_one_text_are_both_redacted() -> None:
    token = mint("t", "0123456789ab").reveal()
    assert without_tokens(f"{JWT} {token}") == f"{HEADER}.… kst_0123456789ab…"
    found = token_within(f"{JWT} {token}")
    assert found is not None
    assert found.reveal() == token


@pytest.mark.parametrize(
    "part", ["ey", ".eyJ", "a.eyJaaaaaa", ".eyJaaaaaa.b", ".eyJaaaaaa." + "b" * 40]
)
def test_what_is_almost_a_jwt_takes_no_long_look(part: str) -> None:
    text = part * (100_000 // len(part))
    begun = process_time()
    without_tokens(text)
    token_within(text)
    assert process_time() - begun < 0.5


@pytest.mark.parametrize("length", [17, 20, 40, 64, 66, 80])
def test_a_token_that_was_cut_or_grew_is_redacted_too(length: int) -> None:
    token = mint("t", "0123456789ab").reveal().ljust(80, "0")[:length]
    assert without_tokens(f"a {token} b") == "a kst_0123456789ab… b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acct_0123456789ab",
        "kst_0123456789ab",
        "tasks_of_mine",
        "www.eyjournal.com",
        f"{HEADER}.",
    ],
)
def test_a_text_without_a_token_stays_as_it_is(text: str) -> None:
    assert token_within(text) is None
    assert without_tokens(text) == text
