"""Demands: how they are read, what meets them, and what is no demand."""

from __future__ import annotations

from typing import Final

import pytest

from keystead.policy.scope_expression import MAX_DEMAND, AllOf, AnyOf, Holds, demand_of, meets

A, B, C = Holds("a:read"), Holds("b:write"), Holds("c:*")

ACTIONS: Final = {"a": ("read", "write"), "b": ("write",), "c": ("list", "read")}


@pytest.mark.parametrize(
    ("text", "demand"),
    [
        ("a:read", A),
        ("  a:read\t", A),
        ("(a:read)", A),
        ("((a:read))", A),
        ("a:read AND b:write", AllOf((A, B))),
        ("a:read and b:write", AllOf((A, B))),
        ("a:read OR b:write", AnyOf((A, B))),
        ("a:read AND (b:write OR c:*)", AllOf((A, AnyOf((B, C))))),
        ("a:read AND b:write OR c:*", AnyOf((AllOf((A, B)), C))),
        ("a:read OR b:write AND c:*", AnyOf((A, AllOf((B, C))))),
        ("(a:read OR b:write)AND(c:*)", AllOf((AnyOf((A, B)), C))),
        ("deployments.networks:read", Holds("deployments.networks:read")),
    ],
)
def test_a_demand_is_read_as_it_is_meant(text: str, demand: object) -> None:
    assert demand_of(text) == demand


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "demands nothing"),
        (" \t ", "demands nothing"),
        ("a", "must be made of scopes"),
        ("a:", "must be made of scopes"),
        (":read", "must be made of scopes"),
        ("a:read b:write", "a word too many"),
        ("a:read,b:write", "must be made of scopes"),
        ("a:read AND", "lacks a scope"),
        ("OR a:read", "lacks a scope"),
        ("a:read AND OR b:write", "lacks a scope"),
        ("()", "lacks a scope"),
        ("(a:read", "not closed"),
        ("a:read)", "a word too many"),
        ("a:read\nAND b:write", "one line"),
        ("*:read", "must be made of scopes"),
        ("a:re*", "must be made of scopes"),
        ("NOT a:read", "must be made of scopes"),
        ("ä:read", "must be made of scopes"),
        ("(" * 17 + "a:read" + ")" * 17, "nested more than 16"),
        (" OR ".join(["a:read"] * 65), "more than 64 scopes"),
        ("a" * (MAX_DEMAND + 1), "longer than"),
    ],
)
def test_what_is_no_demand_is_told_why(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        demand_of(text)


def test_sixteen_parentheses_are_read() -> None:
    assert demand_of("(" * 16 + "a:read" + ")" * 16) == A


@pytest.mark.parametrize(
    ("held", "text", "met"),
    [
        ({"a:read"}, "a:read", True),
        ({"a:read"}, "a:write", False),
        ({"a:read", "b:write"}, "a:read AND b:write", True),
        ({"a:read"}, "a:read AND b:write", False),
        ({"b:write"}, "a:read OR b:write", True),
        ({"c:list", "c:read"}, "c:*", True),
        ({"c:list"}, "c:*", False),
        ({"a:read", "c:list", "c:read"}, "a:read AND (b:write OR c:*)", True),
        # There is no such resource, so nobody holds all of it; nor does a scope that no API has.
        ({"a:read"}, "d:*", False),
        ({"d:read"}, "d:*", False),
        (set(), "a:read", False),
    ],
)
def test_who_holds_what_is_demanded_meets_it(held: set[str], text: str, met: bool) -> None:
    assert meets(frozenset(held), demand_of(text), ACTIONS) is met
