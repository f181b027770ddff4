"""The rules for an API: its identifier, and what its catalogue may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from keystead.api.catalogue.bodies import APIEdit, wish_of
from keystead.policy.catalogue.catalogue import (
    API,
    Action,
    APIs,
    Group,
    Resource,
    own_api,
)
from keystead.policy.catalogue.wish import APIWish, wrong_identifier
from keystead.policy.permissions import RESOURCES, SENTENCES
from keystead.policy.samples.reading import SAMPLES, read_sample
from keystead.policy.scopes import Access, levels_held, levels_of, scopes_of
from tests.store.records import NOON, make_api


def resources(*found: Resource) -> tuple[Group, ...]:
    return (Group("g", found),)


@pytest.mark.parametrize(
    "text",
    [
        "https://api.example.com",
        "https://api.example.com/v1/orders?tenant=7",
        "http://[2001:db8::1]:8080/",
        "HTTPS://API.EXAMPLE.COM",
        "urn:example:orders",
        "tag:example.com,2026:orders",
        "x-app://%41/(a)",
        "https://e.example/" + "a" * 237,
    ],
)
def test_an_absolute_uri_is_an_identifier(text: str) -> None:
    assert wrong_identifier(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keystead",
        "api.example.com",
        "/orders",
        "//api.example.com/",
        "https:",
        "https://",
        "https:///orders",
        "https://api.example.com/#part",
        "https://api.example.com/#",
        "https://api.example.com/a b",
        " https://api.example.com",
        "https://api.example.com\n",
        "https://example.com/ü",
        "https://api.example.com/%4",
        'https://api.example.com/"',
        "https://api.example.com/<x>",
        "https://user:secret@api.example.com/",
        "https://[2001:db8::1/",
        "1a:b",
        "https://e.example/" + "a" * 238,
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    assert wrong_identifier(text) is not None


def wrong(**fields: Any) -> list[str]:  # noqa: ANN401
    return [error.field for error in APIWish(**fields).wrong()]


def test_keys_are_short_lower_case_and_unique_where_they_stand() -> None:
    read = (Action("read"),)
    for key in ("a", "9", "a.b-c_d", "deployments.networks", "x" * 64):
        assert wrong(groups=resources(Resource(key, read))) == []
    for key in ("", ".a", "-a", "A", "ä", "a:b", "a b", "a/b", "a\n", "x" * 65):
        assert wrong(groups=resources(Resource(key, read))) == ["groups[0].resources[0].key"]
    for key in ("a.b", "", "a:b", "Read", "x" * 65):
        found = wrong(groups=resources(Resource("r", (Action(key),))))
        assert found == ["groups[0].resources[0].actions[0].key"]
    twice = (Group("g", (Resource("r", read),)), Group("h", (Resource("r", read),)))
    assert wrong(groups=twice) == ["groups[1].resources[0].key"]
    assert wrong(
        groups=(twice[0], replace(twice[1], key="g", resources=(Resource("s", read),)))
    ) == ["groups[1].key"]


def test_words_are_printable_and_bounded() -> None:
    def found(**words: str) -> list[str]:
        return wrong(groups=resources(Resource("r", (Action("read", **words),))))

    assert found(label="", description="") == found(label="Lesen", description="Zeigt es.") == []
    assert found(label=" ") == found(label="x" * 256) == ["groups[0].resources[0].actions[0].label"]
    at = ["groups[0].resources[0].actions[0].description"]
    assert (
        found(description="x" * 501)
        == found(description="a\x00b")
        == found(description="a\nb")
        == at
    )


def test_what_is_far_too_much_is_not_looked_through() -> None:
    many = tuple(Resource(f"r{i}", (Action("read"),)) for i in range(501))
    assert wrong(groups=resources(*many)) == ["groups"]
    wide = tuple(Resource("R", tuple(Action(f"a{k}") for k in range(30))) for i in range(34))
    assert wrong(groups=resources(*wide)) == ["groups"]
    assert wrong(groups=tuple(Group("", ()) for _ in range(51))) == ["groups"]


def test_nothing_may_be_empty_but_the_whole() -> None:
    assert wrong(groups=()) == []
    assert wrong(groups=(Group("g", ()),)) == ["groups[0].resources"]
    assert wrong(groups=resources(Resource("r", ()))) == ["groups[0].resources[0].actions"]


def test_what_is_for_jwts_alone_is_judged_by_what_the_api_becomes() -> None:
    signed, opaque = make_api(token_format="jwt"), make_api()
    change = APIWish(algorithm="RS256", offline_networks="accepted")
    assert [e.field for e in change.wrong()] == ["algorithm", "offline_networks"]
    assert [e.field for e in change.wrong(opaque)] == ["algorithm", "offline_networks"]
    assert change.wrong(signed) == replace(change, token_format="jwt").wrong(opaque) == []
    assert [e.field for e in replace(change, token_format="opaque").wrong(signed)] == [
        "algorithm",
        "offline_networks",
    ]
    assert change.wrong_alone() == []


def test_an_edit_changes_what_was_wished_and_nothing_else() -> None:
    api = make_api(verifiers=frozenset({"own_a"}))
    assert APIWish().edited(api, api.created_at) == replace(api, revision=2)
    after = APIWish(name=" other ", verifiers=("own_b", "own_b")).edited(api, api.created_at)
    assert (after.name, after.verifiers) == ("other", frozenset({"own_b"}))
    assert after == replace(api, name="other", verifiers=after.verifiers, revision=2)


def test_apis_are_found_by_identifier_and_by_id() -> None:
    one, other = make_api(verifiers=frozenset({"own_a"})), make_api(owner_id="own_a")
    apis = APIs([one, other])
    assert list(apis) == [own_api(), one, other]
    assert apis.of_id(one.id) is apis.find(one.identifier) is one
    assert apis.of_id("keystead") is apis.find("keystead") is own_api()
    assert (apis.of_id(one.identifier), apis.find(one.id), apis.actions("x")) == (None, None, {})
    assert apis.verified_by("own_a") == (one, other)
    assert apis.verified_by("") == (), "Keystead's own is verified by its administrators"


def test_a_level_is_held_as_itself_or_as_a_greater_one() -> None:
    held = [Access("a", ("r:read",), {"s": "read", "t": "write"}), Access("b", (), {"r": "write"})]
    assert levels_held({"s": "read", "t": "read"}, "a", held)
    assert levels_held({"t": "write"}, "a", held)
    assert levels_held({}, "a", [])
    assert not levels_held({"r": "read"}, "a", held)
    assert not levels_held({"s": "write"}, "a", held)
    assert not levels_held({"t": "write", "u": "read"}, "a", held)


def wish_in(name: str) -> APIWish:
    """Return the wish in a sample, read as the door reads it."""
    body = msgspec.json.decode(read_sample(name), type=APIEdit)
    return wish_of({field: getattr(body, field) for field in body.__struct_fields__})


def sample(name: str) -> API:
    return wish_in(name).edited(make_api(), NOON)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_a_catalogue_that_can_be_registered(name: str) -> None:
    assert wish_in(name).wrong() == []
    for group in sample(name).groups:
        for resource in group.resources:
            assert group.label
            assert resource.label
            assert all(action.label and action.description for action in resource.actions)


def test_the_sample_keystead_is_keystead_s_own_catalogue() -> None:
    assert sample("keystead").groups == own_api().groups
    assert sample("keystead").actions == dict(RESOURCES)
    sentences = {
        f"{resource.key}:{action.key}": action.description
        for group in own_api().groups
        for resource in group.resources
        for action in resource.actions
    }
    assert sentences == SENTENCES


def test_the_sample_scanner_tells_apart_what_rows_a9_to_a12_do() -> None:
    assert scopes_of(sample("scanner").actions) == {
        "application:create", "application:delete", "application:read", "report:read",
        "scan:create", "scan:read", "team:list", "team:read",
    }  # fmt: skip


def test_the_sample_network_has_whole_categories_beside_what_is_in_them() -> None:
    actions = sample("network").actions
    dotted = {key for key in actions if "." in key}
    assert {key.partition(".")[0] for key in dotted} == set(actions) - dotted
    levels = {key: list(levels_of(key, actions)) for key in actions}
    assert {tuple(found) for found in levels.values()} == {("read",), ("read", "write")}


def test_there_is_no_other_sample() -> None:
    with pytest.raises(KeyError):
        read_sample("../samples/scanner")
