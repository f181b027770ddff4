import hmac

import pytest

from keystead.core.secret import Secret
from keystead.crypto.digest import Digester, sha256_of
from keystead.crypto.token_format import is_legacy, mint

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def test_new_digests_use_the_newest_pepper() -> None:
    token = mint("t", "0123456789Az")
    n, digest = Digester({1: OLD, 2: NEW}).digest(token)
    assert n == 2
    assert digest == hmac.digest(NEW, token.reveal().encode(), "sha256")


def test_a_look_up_tries_each_live_pepper_the_newest_first() -> None:
    token = mint("t", "0123456789Az")
    found = Digester({1: OLD, 3: NEW, 2: NEW}).candidates(token)
    assert [n for n, _ in found] == [3, 2, 1]
    assert found[2] == Digester({1: OLD}).digest(token)


def test_a_digester_serves_many_tokens_in_turn() -> None:
    digester = Digester({1: OLD})
    first, second = mint("t", "0123456789Az"), mint("t", "0123456789Az")
    assert digester.digest(first) != digester.digest(second)
    assert digester.digest(first) == digester.digest(first)


@pytest.mark.parametrize("length", [0, 31, 64])
def test_a_pepper_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Digester({1: bytes(length)})


def test_a_digester_without_peppers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a pepper"):
        Digester({})


def test_a_digester_prints_no_pepper() -> None:
    digester = Digester({1: OLD})
    assert OLD.hex() not in repr(digester)
    assert repr(OLD) not in repr(digester)


@pytest.mark.parametrize(
    "text",
    ["", "0" * 39, "0" * 41, "A" * 40, "g" * 40, "0" * 39 + "\n", "0" * 40 + "\n", "\u0660" * 40],
    ids=["empty", "short", "long", "upper", "no-hex", "line", "line-end", "digits-of-others"],
)
def test_what_is_not_of_the_form_of_an_imported_token(text: str) -> None:
    assert not is_legacy(Secret(text))


def test_no_other_secret_has_an_imported_tokens_digest() -> None:
    digester, token = Digester({1: OLD}), Secret("0123456789" * 4)
    sha256 = sha256_of(token)
    _, digest, binding = digester.digest_legacy(sha256, "cred_0123456789Az")
    others = {digester.digest(each)[1] for each in (token, Secret(sha256.hex()))}
    assert len({digest, binding, *others}) == 4
