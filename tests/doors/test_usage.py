"""How often a credential was used and refused, on which API, through the door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, member, ok, problem, until
from tests.doors.registering import access, given, register
from tests.doors.tokens import CREDENTIALS, WHOAMI, create, lives, wrong
from tests.oauth.asking import client, exchanged, post

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.running import Served, Server


def usage(server: Served, id_: str, query: str = "") -> list[dict[str, Any]]:
    found = ok(server.call("GET", f"{CREDENTIALS}/{id_}/usage{query}"))
    return [dict(item) for item in found["items"]]


def sums(server: Served, id_: str, query: str = "?per=day") -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for item in usage(server, id_, query):
        key = item["api"], item["outcome"]
        found[key] = found.get(key, 0) + item["uses"]
    return found


def await_sums(server: Served, id_: str, wanted: dict[tuple[str, str], int]) -> None:
    until(lambda: sums(server, id_) == wanted)


def test_uses_and_refusals_are_counted_by_outcome(server: Server) -> None:
    token, record = server.token("folders:list", networks=["127.0.0.1"])
    assert lives(server, token, token, token) == [True] * 3
    assert server.call("GET", f"{V1}/accounts", token=token).code == "insufficient_scope"
    elsewhere = server.call("GET", WHOAMI, token=token, source="127.0.0.9")
    assert elsewhere.code == "network_denied"
    await_sums(
        server,
        record["id"],
        {
            ("keystead", "allowed"): 3,
            ("keystead", "insufficient_scope"): 1,
            ("keystead", "network_denied"): 1,
        },
    )
    by_outcome = {item["outcome"]: item for item in usage(server, record["id"], "?per=day")}
    assert by_outcome["network_denied"]["address"] == "127.0.0.9"
    allowed = by_outcome["allowed"]
    assert (allowed["address"], allowed["agent"]) == ("127.0.0.1", "keystead-tests")
    assert allowed["start"] <= allowed["first_at"] <= allowed["last_at"]
    assert allowed["seconds"] == 86_400


def test_what_an_api_was_shown_counts_on_that_api(server: Server) -> None:
    api = register(server)
    token, record = given(server, access(api, "scan:read"))
    body = {"token": token, "audience": api["identifier"], "client_ip": "192.0.2.9"}
    for scopes in (["scan:read"], ["scan:read"], ["scan:create"]):
        ok(server.call("POST", f"{V1}/verify", {**body, "scopes": scopes}))
    form = {"token": token, "resource": api["identifier"], "client_ip": "192.0.2.9"}
    ok(post(server, "/oauth/introspect", form, authorization=f"Bearer {server.admin_token}"))
    await_sums(
        server,
        record["id"],
        {(api["identifier"], "allowed"): 3, (api["identifier"], "insufficient_scope"): 1},
    )
    assert {item["address"] for item in usage(server, record["id"])} == {"192.0.2.9"}


def test_a_text_that_is_no_api_of_the_asker_s_is_not_kept(server: Server) -> None:
    api = register(server)
    token, record = given(server, access(api, "scan:read"))
    for audience in (token, "https://nobody.example", "x" * 200):
        body = {"token": token, "audience": audience}
        assert ok(server.call("POST", f"{V1}/verify", body))["code"] == "AUDIENCE_MISMATCH"
    await_sums(server, record["id"], {(api["identifier"], "audience_mismatch"): 3})


def test_what_a_client_was_given_counts_as_its_own(server: Server) -> None:
    one = client(server, "folders:list")
    token = exchanged(server, one)
    assert lives(server, token, token) == [True, True]
    await_sums(server, one.record["id"], {("keystead", "allowed"): 3})


def test_periods_are_minutes_hours_and_days(clocked: Clocked) -> None:
    clocked.set("2031-05-01T10:59:00Z")
    token, record = clocked.token("folders:list")
    for at in ("10:59:30", "10:59:40", "11:00:00", "11:30:00"):
        clocked.set(f"2031-05-01T{at}Z")
        assert lives(clocked, token) == [True]
    until(lambda: sum(item["uses"] for item in usage(clocked, record["id"])) == 4)

    def told(query: str) -> list[tuple[str, int]]:
        return [
            (item["start"][11:16], item["uses"]) for item in usage(clocked, record["id"], query)
        ]

    assert told("?per=minute") == [("11:30", 1), ("11:00", 1), ("10:59", 2)]
    assert told("") == [("11:00", 2), ("10:00", 2)]
    assert told("?per=day") == [("00:00", 4)]
    assert told("?per=minute&after=2031-05-01T11:00:00Z&before=2031-05-01T11:30:00Z") == [
        ("11:00", 1)
    ]
    path = f"{CREDENTIALS}/{record['id']}/usage?per=minute&page_size=2"
    first = ok(clocked.call("GET", path))
    assert len(first["items"]) == 2
    second = ok(clocked.call("GET", f"{path}&page_token={first['next_page_token']}"))
    assert [item["start"][11:16] for item in second["items"]] == ["10:59"]
    assert second["next_page_token"] is None
    other = f"{CREDENTIALS}/{record['id']}/usage?page_token={first['next_page_token']}"
    assert set(wrong(clocked.call("GET", other))) == {"page_token"}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("per=week", {"per"}),
        ("after=yesterday&before=1", {"after", "before"}),
        ("page_size=0", {"page_size"}),
        ("page_token=x&after=y", {"page_token", "after"}),
        ("of=all", {"of"}),
    ],
)
def test_wrong_parameters_are_named(server: Server, query: str, fields: set[str]) -> None:
    id_ = ok(create(server), 201)["credential"]["id"]
    assert set(wrong(server.call("GET", f"{CREDENTIALS}/{id_}/usage?{query}"))) == fields


def test_others_credentials_are_not_told_of(server: Server) -> None:
    id_ = ok(create(server), 201)["credential"]["id"]
    _, token = member(server, "user")
    asked = server.call("GET", f"{CREDENTIALS}/{id_}/usage", token=token)
    assert problem(asked) == (404, "not_found")
