"""A token is granted of what is held no more than was asked for, and an API never another one's scopes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keystead.core.errors import Invalid, Refused
from keystead.policy.catalogue.catalogue import API, Action, Group, Resource, own_api
from keystead.policy.grants import granted, read_scope, same_on_all
from keystead.policy.scopes import scopes_of

SCOPES = [f"{resource}:{action}" for resource in ("a", "b.c") for action in ("read", "write", "x")]
TOKEN = st.text(
    st.characters(codec="ascii", min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'),
    min_size=1,
    max_size=8,
)


def api(identifier: str, scopes: frozenset[str]) -> API:
    resources: dict[str, list[Action]] = {}
    for scope in sorted(scopes):
        resource, _, action = scope.rpartition(":")
        resources.setdefault(resource, []).append(Action(action))
    found = tuple(Resource(key, tuple(actions)) for key, actions in resources.items())
    return replace(own_api(), identifier=identifier, groups=(Group("all", found),))


SOME = st.frozensets(st.sampled_from(SCOPES))


@st.composite
def apis(draw: st.DrawFn) -> tuple[tuple[API, ...], dict[str, frozenset[str]]]:
    found = tuple(api(f"https://{n}.example", draw(SOME)) for n in range(draw(st.integers(1, 3))))
    held = {
        each.identifier: frozenset(
            draw(st.frozensets(st.sampled_from(sorted(known))))
            if (known := scopes_of(each.actions))
            else ()
        )
        for each in found
    }
    return found, held


@given(st.lists(TOKEN, min_size=1, max_size=6))
def test_a_scope_is_its_tokens_in_any_order(tokens: list[str]) -> None:
    assert read_scope(" ".join(tokens)) == frozenset(tokens)


@given(st.text(max_size=20))
@example("")
@example(" ")
@example("a  b")
@example("a\nb")
@example("a\u00a0b")
@example("a b\n")
def test_any_other_text_is_no_scope(text: str) -> None:
    try:
        found = read_scope(text)
    except Invalid:
        return
    assert " ".join(text.split(" ")) == text
    assert found == set(text.split(" "))
    assert all(0x21 <= ord(c) <= 0x7E and c not in '"\\' for token in found for c in token)


@given(apis(), st.none() | SOME.filter(bool))
def test_what_is_granted_is_held_and_asked_for(
    known: tuple[tuple[API, ...], dict[str, frozenset[str]]], asked: frozenset[str] | None
) -> None:
    found, held = known
    everything = frozenset().union(*held.values())
    wanted = everything if asked is None else asked
    possible = wanted <= everything and all(held[each.identifier] & wanted for each in found)
    try:
        grants = granted(asked, held, found)
    except Refused:
        grants = None
    assert (grants is not None) == possible
    if grants is None:
        return
    assert list(grants) == [each.identifier for each in found]
    for identifier, scopes in grants.items():
        assert list(scopes) == sorted(held[identifier] & wanted)
    assert frozenset().union(*grants.values()) == wanted


@given(apis())
def test_what_is_told_of_several_apis_is_true_of_each(
    known: tuple[tuple[API, ...], dict[str, frozenset[str]]],
) -> None:
    found, held = known
    told, whole = same_on_all(held, found)
    for each in found:
        # Whoever reads the list as one of his own API takes nothing that is not held there.
        assert told & scopes_of(each.actions) <= held[each.identifier]
    assert whole == (told == frozenset().union(*held.values()))
    if len(found) == 1:
        assert whole


def test_a_scope_of_a_foreign_catalogue_is_never_repeated() -> None:
    one = api("https://one.example", frozenset({"a:read"}))
    with pytest.raises(Refused) as caught:
        granted(frozenset({"hunter2:x"}), {one.identifier: frozenset({"a:read"})}, (one,))
    assert "hunter2" not in caught.value.detail
