"""Ids and words that nothing could have: refused by name on every engine, before anything is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.inspect import StrType, StructType, Type, type_info

from keystead.api.routes import ROUTES
from keystead.web.identifiers import Id
from tests.crash.nodes import found
from tests.doors.cast import V1, problem
from tests.running import Answer, Server, start
from tests.store.servers import own_schema, require_server

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN: dict[str, Any] = {"kind": "api_token", "name": "x", "expires_at": None}
API: dict[str, Any] = {"identifier": "https://bad-ids.example", "name": "x"}

WITHOUT_SUFFIX = {"id", "owner", "credential", "object", "members", "verifiers", "managed_by"}
"""Fields that hold ids and do not say so by their names."""

FORMS: dict[str, type[msgspec.Struct]] = {
    form.__name__: form
    for route in ROUTES
    for form in (route.body, route.query)
    if form is not None
}
"""What routes take."""


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server on each engine."""
    if request.param == "sqlite":
        yield request.getfixturevalue("server")
        return
    require_server()
    home = tmp_path_factory.mktemp("bad-ids") / "data"
    with own_schema() as url:
        server = start(home, found(home, url))
        try:
            yield server
        finally:
            server.stop()


def fields(refused: Answer) -> list[str]:
    assert problem(refused) == (400, "invalid_request"), refused.body
    return [error["field"] for error in refused.json()["errors"]]


@pytest.mark.parametrize("bad", ["a\0b", "x" * 65, "x" * 900_000], ids=["nul", "long", "huge"])
@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "credentials", {**TOKEN, "scopes": ["accounts:list"], "owner_id": "?"}, "owner_id"),
        ("POST", "owners", {"kind": "application", "name": "x", "managed_by": "?"}, "managed_by"),
        ("POST", "groups", {"name": "x", "members": ["own_a", "?"]}, "members[1]"),
        ("POST", "folders", {"name": "x", "parent_id": "?"}, "parent_id"),
        ("POST", "folders", {"name": "x", "grants": [{"group_id": "?", "right": "user"}]},
         "grants[0].group_id"),
        ("POST", "accounts", {"name": "x", "folder_id": "?", "fields": {"a": "b"}}, "folder_id"),
        ("POST", "apis", {**API, "owner_id": "?"}, "owner_id"),
        ("POST", "apis", {**API, "verifiers": ["own_a", "?"]}, "verifiers[1]"),
        ("PATCH", "apis/api_a", {"owner_id": "?"}, "owner_id"),
        ("PATCH", "apis/api_a", {"verifiers": ["?"]}, "verifiers[0]"),
    ],
)  # fmt: skip
def test_in_a_body(
    either: Server, method: str, path: str, body: dict[str, Any], field: str, bad: str
) -> None:
    def with_bad(value: object) -> object:
        if isinstance(value, dict):
            return {name: with_bad(each) for name, each in value.items()}
        if isinstance(value, list):
            return [with_bad(each) for each in value]
        return bad if value == "?" else value

    assert fields(either.call(method, f"{V1}/{path}", with_bad(body))) == [field]


@pytest.mark.parametrize("bad", ["a%00b", "x" * 300], ids=["nul", "long"])
@pytest.mark.parametrize(
    "query",
    ["credentials?owner", "credentials?kind", "accounts?folder_id", "accounts?tag", "accounts?type",
     "folders?parent_id", "groups?member_id", "apis?owner", "audit/events?verb", "audit/events?owner",
     "audit/events?object", "audit/events?credential"],
)  # fmt: skip
def test_in_a_query(either: Server, query: str, bad: str) -> None:
    name = query.partition("?")[2]
    assert fields(either.call("GET", f"{V1}/{query}={bad}")) == [name]


@pytest.mark.parametrize("bad", ["%00", "x" * 300, "%ff"], ids=["nul", "long", "no-utf-8"])
@pytest.mark.parametrize("noun", ["credentials", "owners", "groups", "folders", "accounts", "apis"])
def test_in_a_path_there_is_nothing(either: Server, noun: str, bad: str) -> None:
    assert problem(either.call("GET", f"{V1}/{noun}/{bad}")) == (404, "not_found")


def texts_in(kind: Type) -> Iterator[tuple[str, StrType]]:
    """Yield each text that a type may hold, with the name of its field."""
    if isinstance(kind, StructType):
        for field in kind.fields:
            yield from ((name or field.name, text) for name, text in texts_in(field.type))
    elif isinstance(kind, StrType):
        yield "", kind
    else:
        for part in msgspec.structs.astuple(kind):
            for each in part if isinstance(part, tuple) else (part,):
                if isinstance(each, Type):
                    yield from texts_in(each)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_is_an_id_is_declared_as_one(form: type[msgspec.Struct]) -> None:
    """By that alone PostgreSQL is never asked for what it cannot be asked for."""
    wrong = [
        name
        for name, text in texts_in(type_info(form))
        if (name.endswith("_id") or name in WITHOUT_SUFFIX)
        and name != "external_id"
        and text != type_info(Id)
    ]
    assert wrong == []


def test_a_kind_that_there_is_not_is_no_filter(server: Server) -> None:
    assert fields(server.call("GET", f"{V1}/credentials?kind=nonsense")) == ["kind"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**TOKEN, "networks": [1, "10.0.0.1", 2, "x"]}, ["networks[0]", "networks[2]"]),
        ({**TOKEN, "scopes": [1, {}, "accounts:list"]}, ["scopes[0]", "scopes[1]"]),
        ({**TOKEN, "levels": {"accounts": "all", "folders": 1}}, ["levels.accounts", "levels.folders"]),
        ({**TOKEN, "metadata": {"a": 1, "b": "c", "d": None}}, ["metadata.a", "metadata.d"]),
        (
            {**TOKEN, "access": [{"api": 1, "scope": []}, {"api": "keystead", "scopes": [2]}]},
            ["access[0].scope", "access[0].api", "access[1].scopes[0]"],
        ),
        ({"kind": "nonsense", "name": "x", "expires_at": "x", "levels": 1}, ["levels", "expires_at", "kind"]),
        (
            {"kind": "api_token", "type": "odd", "name": "x", "expires_at": "x", "networks": 1},
            ["networks", "expires_at", "type"],
        ),
    ],
)  # fmt: skip
def test_every_wrong_element_is_named_at_once(
    server: Server, body: dict[str, Any], named: list[str]
) -> None:
    answered = fields(server.call("POST", f"{V1}/credentials", body))
    assert [field for field in answered if field in named] == named
    assert set(answered) - set(named) <= {"access"}


def test_every_wrong_field_of_a_rotation_is_named_at_once(server: Server) -> None:
    _, made = server.token("accounts:list")
    body = {"overlap_seconds": -1, "expires_at": "zz", "x": 1}
    refused = server.call("POST", f"{V1}/credentials/{made['id']}/rotate", body)
    assert sorted(fields(refused)) == ["expires_at", "overlap_seconds", "x"]


def test_every_wrong_parameter_is_named_at_once(server: Server) -> None:
    query = "page_size=0&q=a&q=b&owner=a%00b&nonsense=1&kind=odd"
    refused = server.call("GET", f"{V1}/credentials?{query}")
    assert sorted(fields(refused)) == ["kind", "nonsense", "owner", "page_size", "q"]
    refused = server.call("GET", f"{V1}/credentials?expires_before=x&page_token=y")
    assert sorted(fields(refused)) == ["expires_before", "page_token"]
    refused = server.call("GET", f"{V1}/audit/events?after=x&since=y")
    assert sorted(fields(refused)) == ["after", "since"]
