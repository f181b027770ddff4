"""Keys that manage keys: what they may hold, give, and be used for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead import serving
from keystead.core.arrival import parse_address
from keystead.core.clock import DAY, Instant
from keystead.gate.acts.operation import OPERATIONS
from keystead.policy.decide import Question, Subject, decide
from keystead.policy.key_admin import (
    KEY_ADMIN_PERMISSIONS,
    grantable,
    wrong_key_admin_access,
)
from keystead.policy.permissions import BEARERS, Permission
from keystead.policy.roles import Role, may
from keystead.policy.scopes import Access

NOW = Instant(1_000 * DAY)

# What such a key may ask for at all; whoever adds to it means to.
OPEN = {
    "credential.create", "credential.delete", "credential.disable", "credential.edit",
    "credential.enable", "credential.list", "credential.summarise", "credential.read", "credential.refresh",
    "credential.revoke", "credential.revoke_self", "credential.rotate", "credential.rotate_self",
    "credential.usage",
    # What it is given instead of itself is kept to the same (tests/doors/test_key_admins.py).
    "oauth.issue", "oauth.revoke",
    "whoami",
}  # fmt: skip


def test_the_operations_that_are_open_to_it_are_these() -> None:
    # Declared by what `serving` imports.
    assert serving.__name__
    assert {name for name, each in OPERATIONS.items() if each.key_admins} == OPEN
    for name in OPEN:
        needs = OPERATIONS[name].needs
        assert needs is None or needs in KEY_ADMIN_PERMISSIONS


@given(
    st.sampled_from(sorted(BEARERS)),
    st.frozensets(st.sampled_from(Role)),
    st.frozensets(st.sampled_from([p.value for p in Permission])),
    st.none() | st.sampled_from(Permission),
    st.booleans(),
)
def test_it_is_let_in_nowhere_that_is_not_open_to_it(
    kind: str,
    roles: frozenset[Role],
    scopes: frozenset[str],
    wanted: Permission | None,
    open_: bool,
) -> None:
    question = Question(wanted, NOW, parse_address("10.0.0.1"), key_admins=open_)
    it = Subject(kind, True, roles, (), scopes, key_admin=True)
    denial = decide(it, question)
    if not open_:
        assert denial is not None
        assert (denial.code, denial.rule) == ("insufficient_scope", "kind")
    else:
        # Nothing else is other than for any credential.
        assert (denial is None) == (
            decide(Subject(kind, True, roles, (), scopes), question) is None
        )


@given(st.frozensets(st.sampled_from(Role)), st.sampled_from(Permission))
def test_it_gives_exactly_what_its_owner_may(roles: frozenset[Role], wanted: Permission) -> None:
    assert (wanted.value in grantable(roles)) == may(roles, wanted)


@pytest.mark.parametrize(
    ("access", "wrong"),
    [
        (Access("keystead", ("credentials:create",)), ""),
        (Access("keystead", ("self:rotate", "credentials:revoke")), ""),
        (Access("keystead", (), {"credentials": "write"}), ""),
        (Access("keystead", ("credentials:create", "secrets:read")), "scopes[1]"),
        (Access("keystead", ("audit:read",)), "scopes[0]"),
        (Access("keystead", (), {"accounts": "read"}), "levels"),
        (Access("https://api.example.com", ("credentials:create",)), "api"),
    ],
)
def test_it_holds_the_management_of_keys_alone(access: Access, wrong: str) -> None:
    own = Access("keystead", ("credentials:list",))
    found = [error.field for error in wrong_key_admin_access((own, access))]
    assert found == ([f"access[1].{wrong}"] if wrong else [])
