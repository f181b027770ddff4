"""Owners: what their fields may be."""

import pytest

from keystead.core.errors import Invalid
from keystead.owners.owner import OwnerWish


@pytest.mark.parametrize(
    "email", ["", "a@b", "a.b+c@example.com", '"x@y"@example.com', "\u00e9@\u00e9.example"]
)
def test_a_mail_address_or_none_is_taken(email: str) -> None:
    assert OwnerWish(email=email).wrong() == []


@pytest.mark.parametrize(
    "email",
    [
        "a",
        "@",
        "a@",
        "@b",
        "a b@c",
        "a@b c",
        "a@b\n",
        "a@b\r\nBcc: x@y",
        "a\x00@b",
        "a@" + "b" * 253,
    ],
    ids=ascii,
)
def test_what_is_no_mail_address_is_refused(email: str) -> None:
    assert [e.field for e in OwnerWish(email=email).wrong()] == ["email"]


def test_every_wrong_field_is_named_at_once() -> None:
    wish = OwnerWish(name="", login="a\u200bb", email="x", roles=("user", "root", "User"))
    assert [e.field for e in wish.wrong()] == ["name", "login", "email", "roles[1]", "roles[2]"]
    with pytest.raises(Invalid):
        wish.require()


def test_what_is_left_out_is_not_judged() -> None:
    assert OwnerWish().wrong() == []
    OwnerWish(name="ci", roles=("user", "manager")).require()
