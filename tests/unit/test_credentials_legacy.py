from dataclasses import replace
from typing import Any

import pytest

from keystead.core.clock import DAY, Instant, later
from keystead.credentials.legacy import (
    MAX_IMPORTED,
    ImportWish,
    has_legacy_secret,
    wrong_imports,
    wrong_legacy_end,
)
from keystead.credentials.record import StoredSecret
from keystead.credentials.wish import CredentialWish
from keystead.policy.catalogue.catalogue import APIs
from keystead.policy.organisation import Organisation
from keystead.policy.permissions import KEYSTEAD_API
from keystead.policy.scopes import Access

NOW = Instant(20_000 * DAY)
WISH = CredentialWish(
    name="old", expires_at=later(NOW, DAY), access=(Access(KEYSTEAD_API, ("folders:list",), {}),)
)
IMPORTED = StoredSecret(1, 1, b"1", NOW, binding=b"2")


def wrong(*wishes: ImportWish, **rules: Any) -> set[str]:  # noqa: ANN401
    return {e.field for e in wrong_imports(wishes, NOW, APIs(()), Organisation(**rules))}


def asked(n: int, **more: Any) -> ImportWish:  # noqa: ANN401
    return ImportWish(sha256=f"{n:064x}", wish=replace(WISH, name=f"old {n}", **more))


@pytest.mark.parametrize(
    "sha256", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n", "\u0660" * 64]
)
def test_a_digest_is_sixty_four_hex_digits(sha256: str) -> None:
    assert wrong(replace(asked(1), sha256=sha256)) == {"items[0].sha256"}
    assert wrong(replace(asked(1), sha256="Ab" * 32)) == set()


def test_an_end_is_needed_and_said_once() -> None:
    for rules in ({}, {"allow_never": False}, {"max_lifetime_days": 30}):
        found = wrong_imports([asked(1, expires_at=None)], NOW, APIs(()), Organisation(**rules))
        assert [error.field for error in found] == ["items[0].expires_at"]
    far = asked(1, expires_at=later(NOW, 31 * DAY))
    assert wrong(far) == set()
    assert wrong(far, max_lifetime_days=30) == {"items[0].expires_at"}


def test_two_that_are_alike_are_told_apart_by_no_case() -> None:
    first = replace(asked(10), sha256="ab" * 32)
    same = replace(first, sha256="AB" * 32, wish=replace(WISH, name="OLD 10"))
    assert wrong(first, asked(2), same) == {"items[2].sha256", "items[2].name"}


def test_there_are_one_to_five_hundred() -> None:
    many = [asked(n) for n in range(MAX_IMPORTED + 1)]
    assert wrong(*many[:-1]) == set()
    assert wrong(*many) == wrong() == {"items"}


def test_it_is_legacy_while_an_imported_secret_is_accepted() -> None:
    retiring, minted = replace(IMPORTED, retires_at=later(NOW, 1)), StoredSecret(2, 1, b"3", NOW)
    assert has_legacy_secret([IMPORTED], NOW)
    assert has_legacy_secret([retiring, minted], NOW)
    assert not has_legacy_secret([retiring, minted], later(NOW, 1))
    assert not has_legacy_secret([minted], NOW)
    assert wrong_legacy_end([IMPORTED], None)
    assert not wrong_legacy_end([IMPORTED], NOW)
    assert not wrong_legacy_end([retiring, minted], None)


def test_neither_its_digest_nor_its_binding_is_printed() -> None:
    assert "b'" not in repr(IMPORTED)
