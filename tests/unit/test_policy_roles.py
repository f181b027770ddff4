"""Who may what: the matrices as they were agreed, printed in full."""

from pathlib import Path

import pytest

from keystead.policy.permissions import BEARERS, KINDS_FOR, Permission
from keystead.policy.roles import (
    ON_EVERY_FOLDER,
    RIGHT_PERMISSIONS,
    Right,
    Role,
    folder_allows,
    folders_where,
    inherited_rights,
    may,
    owners_where,
)

TABLE = Path(__file__).with_name("roles.txt")
SECRETS = [p for p in Permission if p.resource == "secrets"]


def printed() -> str:
    heads = [
        *(r.value for r in Role),
        *(f"{r.name.lower()} right" for r in Right),
        "every folder of",
    ]
    lines = [" " * 20 + "".join(f"{head:<15}" for head in heads).rstrip() + "\n"]
    for permission in Permission:
        cells = ["x" if may([role], permission) else "." for role in Role]
        cells += ["x" if permission in RIGHT_PERMISSIONS[right] else "." for right in Right]
        everywhere = [role.value for role in Role if permission in ON_EVERY_FOLDER.get(role, ())]
        cells.append(", ".join(everywhere) or ".")
        lines.append(f"{permission:<20}" + "".join(f"{c:<15}" for c in cells).rstrip() + "\n")
    return "".join(lines)


def test_the_matrix_is_the_one_that_was_agreed() -> None:
    assert printed() == TABLE.read_text("utf-8")


@pytest.mark.parametrize("role", Role)
def test_no_role_reads_a_value_without_a_right(role: Role) -> None:
    assert not [p for p in SECRETS if folder_allows([role], None, p)]
    assert [p for p in SECRETS if folders_where([role], {}, p) is None] == []


@pytest.mark.parametrize("permission", SECRETS)
def test_a_viewer_touches_no_value_whatever_his_roles(permission: Permission) -> None:
    assert not folder_allows(Role, Right.VIEWER, permission)


def test_a_greater_right_takes_in_the_lesser() -> None:
    viewer, user, manager = (RIGHT_PERMISSIONS[right] for right in Right)
    assert viewer < user < manager


def test_without_a_role_nothing_is_allowed() -> None:
    assert not [p for p in Permission if may([], p)]
    assert owners_where([], "own_a", ["own_b"], Permission.CREDENTIALS_LIST) == frozenset({"own_a"})


def test_the_auditor_changes_nothing() -> None:
    reading = {"list", "read", "export"}
    held = {p for p in Permission if may([Role.AUDITOR], p)}
    assert {p for p in held if p.action not in reading} == {Permission.SELF_ROTATE}
    assert Permission.SECRETS_READ not in held


def test_a_manager_reaches_whom_he_manages_and_a_user_himself_alone() -> None:
    managed, wanted = ["own_b"], Permission.CREDENTIALS_REVOKE
    assert owners_where([Role.MANAGER], "own_a", managed, wanted) == frozenset({"own_a", "own_b"})
    assert owners_where([Role.USER], "own_a", managed, wanted) == frozenset({"own_a"})
    assert owners_where([Role.ADMINISTRATOR], "own_a", managed, wanted) is None
    assert owners_where([Role.AUDITOR], "own_a", managed, wanted) == frozenset({"own_a"})
    assert owners_where([Role.AUDITOR], "own_a", managed, Permission.CREDENTIALS_READ) is None


def test_rights_go_down_and_a_lesser_one_below_takes_nothing_away() -> None:
    parents = {"top": None, "mid": "top", "low": "mid", "other": None}
    grants = {"top": {"own_a": Right.MANAGER}, "low": {"own_a": Right.VIEWER, "own_b": Right.USER}}
    assert inherited_rights(parents, grants, ["own_a"]) == dict.fromkeys(
        ("top", "mid", "low"), Right.MANAGER
    )
    assert inherited_rights(parents, grants, ["own_b"]) == {"low": Right.USER}
    assert inherited_rights(parents, grants, ["own_c"]) == {}


def test_every_bearer_may_use_every_permission_but_sessions_and_minted_ones_rotate_nothing() -> (
    None
):
    odd = {p: kinds for p, kinds in KINDS_FOR.items() if kinds != BEARERS}
    assert odd == {
        Permission.SELF_ROTATE: BEARERS - {"session", "access_token"},
        Permission.TOKENS_VERIFY: BEARERS | {"oauth_client"},
        Permission.TOKENS_ASSERT_IP: BEARERS | {"oauth_client"},
    }
    assert "oauth_client" not in BEARERS
