"""Levels and scopes: the printed table, and that nothing is implied but `write` ⇒ `read`."""

from pathlib import Path

import pytest

from keystead.policy.catalogue.catalogue import APIs
from keystead.policy.permissions import RESOURCES, SENTENCES, Permission
from keystead.policy.scopes import Access, expand, levels_of, scopes_for, wrong_access

TABLE = Path(__file__).with_name("levels.txt")
NEVER = {"rotate", "revoke", "approve", "force", "export"}


def printed() -> str:
    lines = []
    for resource in RESOURCES:
        levels = levels_of(resource, RESOURCES)
        for level in ("read", "write"):
            held = levels.get(level)
            order = [f"{resource}:{action}" for action in RESOURCES[resource]]
            shown = " ".join(s for s in order if s in held) if held else "-"
            lines.append(f"{resource:<12}{level:<7}{shown}\n")
    return "".join(lines)


def test_the_levels_are_those_that_were_agreed() -> None:
    assert printed() == TABLE.read_text("utf-8")


@pytest.mark.parametrize("resource", RESOURCES)
def test_no_level_holds_what_has_to_be_chosen_by_name(resource: str) -> None:
    levels = levels_of(resource, RESOURCES)
    actions = {scope.partition(":")[2] for scopes in levels.values() for scope in scopes}
    assert not actions & NEVER
    assert levels.get("read", frozenset()) <= levels.get("write", levels.get("read", frozenset()))


@pytest.mark.parametrize("permission", Permission)
def test_one_scope_implies_nothing_but_the_reading_half_of_write(permission: Permission) -> None:
    held = expand(Access("keystead", (permission.value,)))
    implied = {"secrets:read"} if permission is Permission.SECRETS_WRITE else set()
    assert held == {permission.value} | implied


def test_every_permission_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Permission)
    assert len(set(SENTENCES.values())) == len(Permission)


def test_a_level_of_an_unknown_resource_holds_nothing() -> None:
    assert expand(Access("keystead", (), {"nothing": "write"})) == frozenset()


def test_level_write_is_level_read_where_nothing_can_be_written_any_more() -> None:
    write = Access("orders", (), {"order": "write"})
    assert expand(write, {"order": ("read", "create")}) == {"order:read", "order:create"}
    assert expand(write, {"order": ("read", "list")}) == {"order:read", "order:list"}
    assert expand(write, {"order": ("rotate",)}) == frozenset()
    assert expand(Access("orders", (), {"order": "read"}), {"order": ("create",)}) == frozenset()


def test_scopes_of_another_api_mean_nothing_here() -> None:
    access = (Access("orders", ("secrets:read",)), Access("keystead", ("accounts:list",)))
    assert scopes_for("keystead", access) == {"accounts:list"}
    assert scopes_for("orders", access) == {"secrets:read"}
    assert scopes_for("nowhere", access) == frozenset()


@pytest.mark.parametrize(
    ("access", "fields"),
    [
        ((), ["access"]),
        ((Access("keystead"),), ["access"]),
        ((Access("orders", ("a:b",)),), ["access[0].api"]),
        ((Access("keystead", ("secrets:list",)),), ["access[0].scopes[0]"]),
        ((Access("keystead", ("secrets:read", "", "*", "secrets:*")),),
         ["access[0].scopes[1]", "access[0].scopes[2]", "access[0].scopes[3]"]),
        ((Access("keystead", ("Secrets:read", " secrets:read")),),
         ["access[0].scopes[0]", "access[0].scopes[1]"]),
        ((Access("keystead", (), {"nothing": "read"}),), ["access[0].levels"]),
        ((Access("keystead", (), {"self": "read"}),), ["access[0].levels.self"]),
        ((Access("keystead", (), {"audit": "write"}),), ["access[0].levels.audit"]),
        ((Access("keystead", ("accounts:list",)), Access("keystead", ("folders:list",))),
         ["access[1].api"]),
        ((Access("keystead", ("accounts:list",) * 201),), ["access"]),
    ],
)  # fmt: skip
def test_each_wrong_choice_is_named(access: tuple[Access, ...], fields: list[str]) -> None:
    assert [error.field for error in wrong_access(access, APIs())] == fields


def test_a_good_choice_has_nothing_wrong() -> None:
    access = Access("keystead", ("secrets:read", "self:rotate"), {"accounts": "write"})
    assert wrong_access((access,), APIs()) == []
