"""Demands, whatever is sent: read or refused, never a fault; and more scopes never meet less."""

from __future__ import annotations

import contextlib
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from keystead.policy.scope_expression import AllOf, AnyOf, Demand, Holds, demand_of, meets

ACTIONS: Final = {"a": ("read", "write"), "b": ("list",)}
SCOPES: Final = ["a:read", "a:write", "b:list"]
HELD = st.frozensets(st.sampled_from(SCOPES))


def _lists(inner: st.SearchStrategy[Demand]) -> st.SearchStrategy[Demand]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return parts.map(AllOf) | parts.map(AnyOf)


DEMANDS: Final[st.SearchStrategy[Demand]] = st.recursive(
    st.sampled_from([*SCOPES, "a:*", "b:*", "c:*"]).map(Holds), _lists, max_leaves=10
)


def written(demand: Demand) -> str:
    match demand:
        case Holds(scope):
            return scope
        case AllOf(parts):
            return "(" + " AND ".join(map(written, parts)) + ")"
        case AnyOf(parts):
            return "(" + " OR ".join(map(written, parts)) + ")"


@given(st.text(alphabet="abAND()OR :*.\t\n\0é", max_size=60) | st.text(max_size=60))
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        demand_of(text)


@given(DEMANDS, HELD)
def test_what_was_written_is_read_back(demand: Demand, held: frozenset[str]) -> None:
    assert meets(held, demand_of(written(demand)), ACTIONS) == meets(held, demand, ACTIONS)


@given(DEMANDS, HELD, HELD)
def test_who_holds_more_meets_no_less(
    demand: Demand, held: frozenset[str], more: frozenset[str]
) -> None:
    if meets(held, demand, ACTIONS):
        assert meets(held | more, demand, ACTIONS)
