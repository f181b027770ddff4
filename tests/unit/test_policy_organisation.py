"""The organisation's rules for credentials: each one's effect, and what it leaves alone."""

from __future__ import annotations

from typing import Any, Final

import pytest
from msgspec import UNSET

from keystead.core.clock import DAY, Instant, later
from keystead.credentials.wish import CredentialWish
from keystead.policy.catalogue.catalogue import APIs
from keystead.policy.networks import is_public, parse_network
from keystead.policy.organisation import DEFAULT, Organisation
from keystead.policy.scopes import Access

NOW: Final = Instant(20_000 * DAY)
FINE: Final[dict[str, Any]] = {
    "name": "a name",
    "description": "",
    "access": (Access("keystead", ("accounts:list",)),),
    "networks": (),
    "expires_at": None,
}


def wrong(organisation: Organisation, **wished: Any) -> list[str]:  # noqa: ANN401
    wish = CredentialWish(**{**FINE, **wished})
    return [error.field for error in wish.wrong(NOW, APIs(), organisation)]


@pytest.mark.parametrize(
    ("rules", "wished", "fields"),
    [
        ({}, {}, []),
        ({"allow_never": False}, {}, ["expires_at"]),
        ({"allow_never": False}, {"expires_at": later(NOW, 5000 * DAY)}, []),
        # A longest lifetime wins over the permission to have none (Decision 2).
        ({"max_lifetime_days": 30}, {}, ["expires_at"]),
        ({"max_lifetime_days": 30}, {"expires_at": later(NOW, 30 * DAY)}, []),
        ({"max_lifetime_days": 30}, {"expires_at": later(NOW, 30 * DAY + 1)}, ["expires_at"]),
        ({"max_lifetime_days": 30}, {"expires_at": UNSET}, []),
        ({"require_description": True}, {}, ["description"]),
        ({"require_description": True}, {"description": " \n "}, ["description"]),
        ({"require_description": True}, {"description": "nightly job"}, []),
        ({"require_description": True}, {"description": UNSET}, []),
        ({"require_networks": True}, {}, ["networks"]),
        ({"require_networks": True}, {"networks": ("10.0.0.1",)}, []),
        ({"require_networks": True}, {"networks": UNSET}, []),
        ({}, {"networks": tuple(f"10.0.0.{n}" for n in range(11))}, ["networks"]),
        ({"max_networks": 11}, {"networks": tuple(f"10.0.0.{n}" for n in range(11))}, []),
        ({"require_public_networks": True}, {"networks": ("1.1.1.1", "10.0.0.1")}, ["networks[1]"]),
        ({"require_public_networks": True}, {"networks": ("9.255.0.0/6",)}, ["networks[0]"]),
        ({"require_public_networks": True}, {"networks": ("2606:4700::/32",)}, []),
        # What is not well-formed is told once, as that.
        ({"require_public_networks": True}, {"networks": ("nonsense",)}, ["networks[0]"]),
    ],
)
def test_each_rule_judges_what_is_given(
    rules: dict[str, Any], wished: dict[str, Any], fields: list[str]
) -> None:
    assert wrong(Organisation(**rules), **wished) == fields


@pytest.mark.parametrize(
    "text",
    ["10.1.2.3", "127.0.0.1", "192.168.0.0/16", "100.64.0.1", "169.254.169.254", "224.0.0.1", "::1",
     "fe80::1", "fc00::/8", "9.0.0.0-10.0.0.0", "::ffff:10.0.0.1"],
)  # fmt: skip
def test_what_is_special_is_not_public(text: str) -> None:
    assert not is_public(parse_network(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.0.0/16", "2606:4700::1", "172.32.0.1"])
def test_what_is_the_internets_is_public(text: str) -> None:
    assert is_public(parse_network(text))


def test_numbers_have_bounds() -> None:
    odd = Organisation(
        max_lifetime_days=0, max_networks=9, max_access_tokens=100_001, audit_retention_days=29
    )
    fields = [error.field for error in odd.wrong_numbers()]
    assert fields == [
        "max_lifetime_days",
        "max_networks",
        "max_access_tokens",
        "audit_retention_days",
    ]
    assert list(DEFAULT.wrong_numbers()) == []
