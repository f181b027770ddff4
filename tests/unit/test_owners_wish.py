"""Owners: what their fields may be."""

import pytest

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


def test_what_is_left_out_is_not_judged() -> None:
    assert OwnerWish().wrong() == []
    assert OwnerWish(name="ci", roles=("user", "manager")).wrong() == []


def test_what_an_application_is_called_elsewhere_is_a_name() -> None:
    assert OwnerWish(external_id=None).wrong() == []
    assert OwnerWish(external_id="cus_9sQ/ü").wrong() == []
    for wrong in ("", "  ", "a\x00b", "x" * 256, "a\u200bb"):
        assert [e.field for e in OwnerWish(external_id=wrong).wrong()] == ["external_id"], wrong


def test_metadata_is_bounded_by_number_and_length() -> None:
    full = {f"k{n}" + "x" * (64 - len(f"k{n}")): "v" * 1024 for n in range(64)}
    assert OwnerWish(metadata=full).wrong() == []
    assert OwnerWish(metadata={}).wrong() == []

    def wrong(metadata: dict[str, str]) -> list[str]:
        return [e.field for e in OwnerWish(metadata=metadata).wrong()]

    assert wrong({**full, "one more": ""}) == ["metadata"]
    assert wrong({"": "v"}) == ["metadata"]
    assert wrong({"x" * 65: "v"}) == ["metadata"]
    assert wrong({"key": "v" * 1025, "fine": "v"}) == ["metadata.key"]
    assert wrong({"key": "a\x00b"}) == ["metadata.key"]
