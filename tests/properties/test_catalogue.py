"""Catalogues, whatever somebody writes into them."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from keystead.api.catalogue.bodies import APIEdit, wish_of, wrong_in
from keystead.core.errors import Invalid
from keystead.policy.catalogue.catalogue import Action, APIs, Group, Resource
from keystead.policy.catalogue.wish import APIWish, wrong_identifier
from keystead.policy.scopes import Access, Level, expand, levels_of, scopes_of, wrong_access
from keystead.web.bodies import decode_json
from tests.store.records import NOON, make_api

KEYS = st.sampled_from(["a", "b", "a.b", "read", "write", "list", "create", "rotate", "A", "", "ü"])
WORDS = st.sampled_from(["", "Word", "\x00", "a\nb", "x" * 501]) | st.text(max_size=9)
LEVELS: st.SearchStrategy[Level] = st.sampled_from(["read", "write"])
ACTIONS = st.lists(st.builds(Action, KEYS, WORDS, WORDS), max_size=5).map(tuple)
RESOURCES = st.lists(st.builds(Resource, KEYS, ACTIONS, WORDS, WORDS), max_size=4).map(tuple)
GROUPS = st.lists(st.builds(Group, KEYS, RESOURCES, WORDS, WORDS), max_size=3).map(tuple)

# Scope tokens of RFC 6749 §3.3, of which ours are a part.
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("read"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "actions", "resources", "label", "x"]), inner)
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from([*APIEdit.__struct_fields__, "identifier", "x"])

GOOD_KEYS = st.sampled_from(["list", "read", "write", "create", "edit", "delete", "rotate", "scan"])
CATALOGUES = st.dictionaries(
    st.sampled_from(["a", "b", "a.b"]), st.lists(GOOD_KEYS, min_size=1, unique=True), max_size=3
)


def groups_of(catalogue: dict[str, list[str]]) -> tuple[Group, ...]:
    found = [Resource(key, tuple(map(Action, actions))) for key, actions in catalogue.items()]
    return (Group("g", tuple(found)),) if found else ()


@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_a_body_is_taken_or_refused_by_its_fields(sent: dict[str, Any]) -> None:
    try:
        body = decode_json(json.dumps(sent).encode(), "application/json", APIEdit, wrong_in)
    except Invalid as error:
        refused = error
    else:
        assert sent.keys() <= set(APIEdit.__struct_fields__)
        wish_of({name: getattr(body, name) for name in body.__struct_fields__}).wrong(make_api())
        return
    assert refused.errors
    assert all(re.match(r"\w+", error.field) for error in refused.errors)


@given(GROUPS)
def test_a_catalogue_that_passes_has_scopes_that_can_be_said(groups: tuple[Group, ...]) -> None:
    wish = APIWish(groups=groups)
    if wish.wrong():
        return
    api = wish.edited(make_api(), NOON)
    actions = [(r.key, a.key) for g in groups for r in g.resources for a in r.actions]
    assert scopes_of(api.actions) == {f"{resource}:{action}" for resource, action in actions}
    assert len(scopes_of(api.actions)) == len(actions), "no two are called the same"
    assert all(SCOPE.fullmatch(scope) for scope in scopes_of(api.actions))
    for resource in api.actions:
        levels = levels_of(resource, api.actions)
        assert all(level <= scopes_of(api.actions) for level in levels.values())
        assert levels.get("read", frozenset()) <= levels.get(
            "write", levels.get("read", frozenset())
        )


@given(CATALOGUES, CATALOGUES, st.data())
def test_single_scopes_gain_nothing_by_a_change_but_what_was_chosen(
    before: dict[str, list[str]], after: dict[str, list[str]], data: st.DataObject
) -> None:
    old, new = (make_api(groups=groups_of(each)) for each in (before, after))
    scopes = tuple(data.draw(st.sets(st.sampled_from(sorted(scopes_of(old.actions)) or ["a:x"]))))
    gained = expand(Access("x", scopes), new.actions) - expand(Access("x", scopes), old.actions)
    # Of what is not there now, `read` was chosen with the `write` that takes it in.
    assert gained <= {
        f"{scope[: -len(':write')]}:read" for scope in scopes if scope.endswith(":write")
    }


@given(CATALOGUES, st.dictionaries(st.sampled_from(["a", "b", "a.b"]), LEVELS))
def test_a_level_is_what_the_catalogue_makes_of_it(
    catalogue: dict[str, list[str]], levels: dict[str, Level]
) -> None:
    api = make_api(groups=groups_of(catalogue))
    held = expand(Access(api.identifier, (), levels), api.actions)
    wanted: set[str] = set()
    for resource, level in levels.items():
        if resource in api.actions:
            there = levels_of(resource, api.actions)
            wanted |= there.get("read", frozenset())
            wanted |= there["write"] if level == "write" and "write" in there else frozenset()
    assert held == wanted


@given(st.text(max_size=300) | st.from_regex(r"[a-z]{1,6}:(//)?[ -~]{0,30}", fullmatch=True))
def test_an_identifier_that_passes_is_one_word_without_a_fragment(text: str) -> None:
    if wrong_identifier(text) is not None:
        return
    assert text.isascii()
    assert not any(character in text for character in ' #"<>\\^`{|}\x7f')
    assert ":" in text
    assert len(text) <= 255


@given(CATALOGUES, st.lists(st.text(max_size=6), max_size=3).map(tuple))
def test_what_passes_the_check_of_access_is_all_there(
    catalogue: dict[str, list[str]], scopes: tuple[str, ...]
) -> None:
    api = make_api(groups=groups_of(catalogue))
    access = Access(api.identifier, scopes)
    if not wrong_access((access,), APIs([api])):
        assert set(scopes) <= expand(access, api.actions)
