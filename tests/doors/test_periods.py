"""Row A6: an end is given as a period too, and the server counts it from its own now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keystead.credentials.wish import PERIODS
from tests.doors.cast import V1, ok, problem
from tests.doors.tokens import CREDENTIALS, create, lives, record_of, wrong

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.running import Server

KINDS = ["api_token", "api_key", "oauth_client"]


@pytest.mark.parametrize("kind", KINDS)
def test_a6_the_server_counts_the_period(clocked: Clocked, kind: str) -> None:
    clocked.set("2030-01-31T12:00:00.25Z")
    name = clocked.unique(kind)
    made = create(clocked, kind=kind, name=name, expires_at=..., expires_in="30d")
    record = ok(made, 201)["credential"]
    assert record["expires_at"] == "2030-03-02T12:00:00Z"
    clocked.set("2030-02-01T00:00:00Z")
    path = f"{CREDENTIALS}/{record['id']}"
    assert ok(clocked.call("PATCH", path, {"expires_in": "12h"}))["expires_at"] == (
        "2030-02-01T12:00:00Z"
    )
    clocked.set("2030-02-01T12:00:00Z")
    rotated = ok(clocked.call("POST", f"{path}/rotate", {"expires_in": "90m"}))["credential"]
    assert rotated["expires_at"] == "2030-02-01T13:30:00Z"
    assert record_of(clocked, record["id"])["expires_at"] == "2030-02-01T13:30:00Z"


def test_a6_at_its_end_it_is_over(clocked: Clocked) -> None:
    token = ok(create(clocked, expires_at=..., expires_in="1w"), 201)["secret"]
    end = ok(clocked.call("GET", f"{V1}/whoami", token=token))["expires_at"]
    clocked.set(end, microseconds=-1)
    assert lives(clocked, token) == [True]
    clocked.set(end)
    assert lives(clocked, token) == [False]


@pytest.mark.parametrize(
    "period",
    [
        "",
        "30",
        "d",
        "1.5h",
        "-1d",
        "30 d",
        "30D",
        "1d12h",
        "0s",
        "9999999999s",
        "999999999w",
        "\uff13d",
    ],
)
def test_what_is_no_period_is_refused_by_its_name(server: Server, period: str) -> None:
    assert set(wrong(create(server, expires_at=..., expires_in=period))) == {"expires_in"}
    record = ok(create(server), 201)["credential"]
    path = f"{CREDENTIALS}/{record['id']}"
    for method, where in (("PATCH", path), ("POST", f"{path}/rotate")):
        assert set(wrong(server.call(method, where, {"expires_in": period}))) == {"expires_in"}


@pytest.mark.parametrize("end", ["2099-01-01T00:00:00Z", None])
def test_an_end_and_a_period_exclude_each_other(server: Server, end: str | None) -> None:
    both = {"expires_at": end, "expires_in": "30d"}
    found = wrong(create(server, **both))
    assert found == {"expires_in": "excludes expires_at: give one of the two"}
    record = ok(create(server), 201)["credential"]
    path = f"{CREDENTIALS}/{record['id']}"
    for method, where in (("PATCH", path), ("POST", f"{path}/rotate")):
        assert set(wrong(server.call(method, where, both))) == {"expires_in"}
    assert record_of(server, record["id"])["expires_at"] is None


def test_an_end_is_said_one_way_or_the_other(server: Server) -> None:
    assert set(wrong(create(server, expires_at=...))) == {"expires_at"}
    assert set(wrong(create(server, expires_at=..., name=7))) == {"expires_at", "name"}
    assert set(wrong(create(server, expires_at=7, name=7))) == {"expires_at", "name"}
    both = {"expires_at": ..., "expires_in": "soon", "name": 7}
    assert set(wrong(create(server, **both))) == {"expires_in", "name"}
    assert set(wrong(create(server, expires_at=..., expires_in=None))) >= {"expires_in"}


def test_a_period_outlives_what_makes_it_no_more_than_an_instant_does(server: Server) -> None:
    token, _ = server.token("credentials:create", "folders:list", expires_at="2099-01-01T00:00:00Z")
    wish = {"kind": "api_token", "name": server.unique("token"), "scopes": ["folders:list"]}
    later = server.call("POST", CREDENTIALS, {**wish, "expires_in": "40000d"}, token=token)
    assert problem(later) == (403, "insufficient_scope")
    assert server.call("POST", CREDENTIALS, {**wish, "expires_in": "1d"}, token=token).status == 201


def test_a6_the_document_names_periods_to_pick_from(server: Server) -> None:
    schemas = ok(server.call("GET", "/openapi.json"))["components"]["schemas"]
    for name in ("CredentialNew", "CredentialEdit", "RotationBody"):
        assert schemas[name]["properties"]["expires_in"]["examples"] == list(PERIODS)
    for period in PERIODS:
        assert ok(create(server, expires_at=..., expires_in=period), 201)
