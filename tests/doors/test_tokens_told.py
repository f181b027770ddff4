"""What is told of tokens: their state, their last use, and lists of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clocked import Clocked
from tests.doors.cast import V1, application, in_future, ok, until
from tests.doors.tokens import CREDENTIALS, WHOAMI, lives, record_of
from tests.running import Server


def test_s26_the_state_is_told_by_record_and_filter_alike(clocked: Clocked) -> None:
    owner = application(clocked)["id"]
    end = clocked.after(hours=1)
    made = {
        state: clocked.token("folders:list", owner_id=owner, **more)[1]["id"]
        for state, more in {
            "active": {},
            "expiring": {"expires_at": clocked.after(days=29)},
            "not_yet_valid": {"not_before": clocked.after(days=1)},
            "expired": {"expires_at": end},
            "disabled": {},
            "revoked": {},
        }.items()
    }
    ok(clocked.call("POST", f"{CREDENTIALS}/{made['disabled']}/disable"))
    ok(clocked.call("POST", f"{CREDENTIALS}/{made['revoked']}/revoke"))
    clocked.set(end)
    for state, id_ in made.items():
        found = ok(clocked.call("GET", f"{CREDENTIALS}?owner={owner}&state={state}"))["items"]
        assert [item["id"] for item in found] == [id_], state
        assert found[0]["state"] == state


def test_s26_the_last_use_is_told_with_when_where_and_by_what(server: Server) -> None:
    token, record = server.token("folders:list")
    assert record["last_used"] is None
    before = in_future()
    for source in ("127.0.7.1", "127.0.7.2"):
        agent = {"User-Agent": f"backup/{source[-1]}"}
        assert server.call("GET", WHOAMI, token=token, headers=agent, source=source).status == 200
    until(lambda: record_of(server, record["id"])["last_used"] is not None, 3)
    until(lambda: record_of(server, record["id"])["last_used"]["uses"] == 2, 3)
    used = record_of(server, record["id"])["last_used"]
    assert (used["address"], used["agent"]) == ("127.0.7.2", "backup/2")
    assert before <= used["at"] <= in_future()


def test_s26_the_last_use_is_told_per_secret_and_refusals_are_no_use(server: Server) -> None:
    token, record = server.token("folders:list")
    path = f"{CREDENTIALS}/{record['id']}"
    new = ok(server.call("POST", f"{path}/rotate", {"overlap_seconds": 600}))["secret"]
    assert lives(server, new) == [True]
    assert server.call("GET", f"{V1}/owners", token=token).status == 403
    until(lambda: record_of(server, record["id"])["last_used"] is not None, 3)
    old, fresh = ok(server.call("GET", f"{path}/secrets"))["items"]
    assert old["last_used"] is None
    assert fresh["last_used"]["uses"] == 1


def _listed(server: Server, query: str) -> list[dict[str, Any]]:
    """Page through a list to its end."""
    found: list[dict[str, Any]] = []
    page = ""
    while True:
        answer = ok(server.call("GET", f"{CREDENTIALS}?{query}{page}"))
        found += answer["items"]
        if answer["next_page_token"] is None:
            return found
        page = f"&page_token={answer['next_page_token']}"


@pytest.mark.parametrize(
    "sort", ["name", "-name", "created_at", "-created_at", "expires_at", "-expires_at"]
)
def test_a_list_is_read_whole_in_each_order_while_others_write(server: Server, sort: str) -> None:
    owner = application(server)["id"]
    ends = [None, "2099-01-01T00:00:00Z", "2098-01-01T00:00:00Z", None, "2099-01-01T00:00:00Z"]
    made = [server.token("folders:list", owner_id=owner, expires_at=end)[1] for end in ends]
    found: list[dict[str, Any]] = []
    page = ""
    while True:
        path = f"{CREDENTIALS}?owner={owner}&sort={sort}&page_size=2{page}"
        answer = ok(server.call("GET", path))
        found += answer["items"]
        # Between two pages somebody issues one, changes one and deletes another's.
        server.token("folders:list", owner_id=owner, expires_at="2099-06-01T00:00:00Z")
        change = {"description": server.unique("changed")}
        ok(server.call("PATCH", f"{CREDENTIALS}/{made[0]['id']}", change))
        if answer["next_page_token"] is None or len(found) > 20:
            break
        page = f"&page_token={answer['next_page_token']}"
    ids = [item["id"] for item in found]
    assert len(ids) == len(set(ids)), "nothing is shown twice"
    assert {item["id"] for item in made} <= set(ids), "nothing that was there is left out"
    field = sort.removeprefix("-")
    shown = [item[field] for item in found]
    known = [value for value in shown if value is not None]
    assert known == sorted(known, reverse=sort.startswith("-"))
    assert shown == [*known, *[None] * (len(shown) - len(known))], "those without end come last"


def test_a_list_is_filtered_by_each_of_its_fields(server: Server) -> None:
    owner = application(server)["id"]
    word = server.unique("needle").replace(" ", "-")
    plain = server.token("folders:list", owner_id=owner)[1]["id"]
    named = server.token("folders:list", owner_id=owner, name=f"The {word.upper()}")[1]["id"]
    told = server.token("folders:list", owner_id=owner, description=f"a {word} too")[1]["id"]
    ending = server.token("folders:list", owner_id=owner, expires_at="2098-01-01T00:00:00Z")[1][
        "id"
    ]

    def ids(query: str) -> set[str]:
        return {item["id"] for item in _listed(server, f"{query}&page_size=200")}

    assert ids(f"owner={owner}") == {plain, named, told, ending}
    assert ids(f"q={word}") == {named, told}
    assert ids(f"owner={owner}&expires_before=2098-01-01T00:00:00Z") == set()
    assert ids(f"owner={owner}&expires_before=1970-01-01T00:00:00Z") == set()
    assert ids(f"owner={owner}&expires_before=2098-01-01T00:00:01Z") == {ending}
    assert ids(f"owner={owner}&last_used_before=2001-01-01T00:00:00Z") == {
        plain,
        named,
        told,
        ending,
    }
    assert ids(f"owner={owner}&kind=api_token") == {plain, named, told, ending}
    assert ids(f"owner={owner}&kind=api_key") == set()
    assert ids("owner=own_000000000000") == set()


def test_a_user_lists_his_own_tokens_alone(server: Server) -> None:
    owner = application(server, "user")["id"]
    token, record = server.token("credentials:list", "credentials:read", owner_id=owner)
    found = ok(server.call("GET", f"{CREDENTIALS}?page_size=200", token=token))["items"]
    assert [item["id"] for item in found] == [record["id"]]
