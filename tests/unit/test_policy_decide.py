"""The decision: which denial comes first, and what each one is."""

import pytest

from keystead.core.arrival import Address, parse_address
from keystead.core.clock import DAY, Instant
from keystead.policy.decide import Question, Subject, decide
from keystead.policy.networks import parse_networks
from keystead.policy.permissions import Permission
from keystead.policy.restrictions import (
    Circumstance,
    Disabled,
    Expiry,
    Networks,
    NotBefore,
    Restriction,
    Retired,
    Revoked,
)
from keystead.policy.roles import Role

NOW = Instant(1_000 * DAY)
HOME = parse_address("10.0.0.1")
AWAY = parse_address("192.0.2.1")
ONLY_HOME = Networks(parse_networks(["10.0.0.0/8"]))
READ = Permission.SECRETS_READ
EVERYTHING = frozenset(p.value for p in Permission)


def subject(*bounds: Restriction, **more: object) -> Subject:
    given: dict[str, object] = {
        "kind": "api_token",
        "owner_active": True,
        "roles": frozenset({Role.USER}),
        "bounds": bounds,
        "scopes": frozenset({"secrets:read"}),
        **more,
    }
    return Subject(**given)  # type: ignore[arg-type]


def code(
    who: Subject,
    wanted: Permission | None = READ,
    at: Instant = NOW,
    address: Address | None = HOME,
    *,
    exposed: bool = False,
) -> str:
    denial = decide(who, Question(wanted, at, address, exposed))
    return "allowed" if denial is None else f"{denial.sort} {denial.code} {denial.rule}"


def test_the_right_one_is_allowed() -> None:
    assert code(subject(NotBefore(NOW), Expiry(Instant(NOW + 1)), ONLY_HOME)) == "allowed"


def test_each_cause_has_its_own_denial_in_the_order_of_gravity() -> None:
    steps: list[tuple[str, object, dict[str, object]]] = [
        ("unauthenticated credential_revoked revoked", Revoked(), {}),
        ("unauthenticated credential_revoked secret retired", Retired(NOW), {}),
        ("unauthenticated credential_disabled disabled", Disabled(), {}),
        ("unauthenticated credential_not_yet_valid not before", NotBefore(Instant(NOW + 1)), {}),
        ("unauthenticated credential_expired expired", Expiry(NOW), {}),
        ("forbidden network_denied network", Networks(parse_networks(["192.0.2.0/24"])), {}),
        ("unauthenticated owner_disabled owner", None, {"owner_active": False}),
        ("forbidden tls_required channel", None, {}),
        ("forbidden insufficient_scope kind", None, {"kind": "oauth_client"}),
        ("forbidden insufficient_scope role", None, {"roles": frozenset()}),
        ("forbidden insufficient_scope scope", None, {"scopes": frozenset()}),
    ]
    # With everything wrong from a place on, the denial is that place's.
    for place, (expected, _, _) in enumerate(steps):
        rest = steps[place:]
        bounds = [bound for _, bound, _ in rest if bound is not None]
        more = {name: value for _, _, given in rest for name, value in given.items()}
        exposed = any("tls_required" in text for text, _, _ in rest)
        assert code(subject(*bounds, **more), exposed=exposed) == expected  # type: ignore[arg-type]


def test_a_question_without_a_permission_still_meets_every_bound() -> None:
    nobody = subject(roles=frozenset(), scopes=frozenset())
    assert code(nobody, None) == "allowed"
    assert code(nobody, None, exposed=True) == "forbidden tls_required channel"
    assert code(subject(Revoked(), scopes=frozenset()), None).startswith("unauthenticated")


def test_the_detail_of_a_network_denial_lists_no_network() -> None:
    denial = decide(subject(ONLY_HOME), Question(READ, NOW, AWAY))
    assert denial is not None
    assert "10." not in denial.detail
    assert "10." not in denial.rule


def test_without_an_address_networks_cannot_be_decided_and_that_is_not_a_denial() -> None:
    assert (
        code(subject(ONLY_HOME), address=None) == "undecided network_undecided network: no address"
    )
    assert code(subject(), address=None) == "allowed"


@pytest.mark.parametrize(
    ("bound", "good_at", "bad_at"),
    [
        (Expiry(NOW), NOW - 1, NOW),
        (Retired(NOW), NOW - 1, NOW),
        (NotBefore(NOW), NOW, NOW - 1),
    ],
)
def test_an_end_is_outside_and_a_beginning_inside(
    bound: Restriction, good_at: int, bad_at: int
) -> None:
    assert bound.check(Circumstance(Instant(good_at), HOME)) is None
    assert bound.check(Circumstance(Instant(bad_at), HOME)) is not None


@pytest.mark.parametrize("bound", [Revoked(), Disabled()])
@pytest.mark.parametrize("at", [0, NOW, -NOW, 10**20])
def test_ended_and_switched_off_hold_at_any_time(bound: Restriction, at: int) -> None:
    assert bound.check(Circumstance(Instant(at), None)) is not None


def test_a_restriction_to_no_network_refuses_everything() -> None:
    assert code(subject(Networks(()))) == "forbidden network_denied network"


def test_the_owner_bounds_the_credential_however_much_it_holds() -> None:
    rich = subject(scopes=EVERYTHING, roles=frozenset({Role.AUDITOR}))
    allowed = {p for p in Permission if code(rich, p) == "allowed"}
    assert READ not in allowed
    assert Permission.AUDIT_READ in allowed
    assert not [p for p in allowed if p.action in {"create", "edit", "delete", "write", "revoke"}]
