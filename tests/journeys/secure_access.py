"""Secure Access's story: keys with scopes of a network, an end and networks of their own. Rows C1 to C28.

Real parts throughout: a server behind a socket, and the network's own API behind another, which asks the
server about every token that it is shown. The server's clock is the test's, so that ends are reached without
waiting.

By API alone. The halves of C8 to C11, C15 to C21 and C25 that are a page (the tree of ticks, chips, the
dialog that closes by Accept and Close, the red and the yellow number, tabs) come with the console; the keys'
own routes under `/admin/v2` (C27) with that face. The two numbers of C19 and C20 are counted here by the
list's filters; `GET /credentials/summary` answers them at once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from keystead.policy.samples.reading import read_sample
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import V1, application, ok, problem
from tests.doors.registering import APIS, access, edit
from tests.doors.tokens import CREDENTIALS, record_of, wrong
from tests.guarded import Guarded, by_introspection, guarded
from tests.oauth.asking import SECURE_ACCESS, Client, ask, error, key, post, whoami

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK = "https://network.example"
NETWORKS, RULES, REGIONS = "deployments.networks", "policies.rules", "deployments.regions"
OPERATIONS = {
    "GET /networks": f"{NETWORKS}:read",
    "POST /networks": f"{NETWORKS}:write",
    "GET /rules": f"{RULES}:read",
    "POST /rules": f"{RULES}:write",
    "GET /deployments": "deployments:read",
}
OFFICE, ELSEWHERE = "127.0.1.20", "127.0.2.20"
MANAGING = ["credentials:list", "credentials:read", "credentials:create", "credentials:edit",
            "credentials:rotate", "credentials:revoke", "credentials:delete"]  # fmt: skip


@pytest.fixture(scope="module")
def keystead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    with running_clocked(tmp_path_factory.mktemp("secure-access") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def network(keystead: Clocked) -> dict[str, Any]:
    """The network's API, registered from the sample for those who run it."""
    team = application(keystead, "user")["id"]
    body = {**json.loads(read_sample("network")), "identifier": NETWORK, "owner_id": team}
    return dict(ok(keystead.call("POST", APIS, body), 201))


@pytest.fixture
def api(keystead: Clocked, network: dict[str, Any]) -> Iterator[Guarded]:
    """The network's API, which introspects with a key of its own."""
    asking, _ = keystead.token("tokens:verify", "tokens:assert-ip", owner_id=network["owner_id"])
    with guarded(OPERATIONS, by_introspection(keystead, asking)) as found:
        yield found


def exchange(keystead: Clocked, by: Client, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Exchange a key for an access token, where the product has that."""
    return dict(ok(ask(keystead, by, path=SECURE_ACCESS, **more)))


def counted(keystead: Clocked, state: str, owner: str) -> set[str]:
    """Return the names of an owner's keys in a state."""
    asked = f"{CREDENTIALS}?kind=api_key&state={state}&owner={owner}"
    return {each["name"] for each in ok(keystead.call("GET", asked))["items"]}


def test_a_key_is_exchanged_and_used(
    keystead: Clocked, network: dict[str, Any], api: Guarded
) -> None:
    # C4 to C7: a name that is taken once, no description, no end.
    name = "Branch office automation"
    given = access(network, **{NETWORKS: "write", RULES: "read"})
    made = key(keystead, name=name, access=[given])
    assert made.id.startswith("ksk_")
    assert (made.record["description"], made.record["expires_at"]) == ("", None)
    again = {"kind": "api_key", "name": name.upper(), "access": [given], "expires_at": None}
    assert problem(keystead.call("POST", CREDENTIALS, again)) == (409, "name_taken")
    again |= {"name": "n" * 256}
    assert wrong(keystead.call("POST", CREDENTIALS, again)).keys() == {"name"}

    # C1, C2: key and secret by Basic, an hour's token for them, and nothing without it.
    found = exchange(keystead, made)
    assert (found["token_type"], found["expires_in"]) == ("bearer", 3600)
    token = found["access_token"]
    assert api.call("GET /networks", None) == 401
    swapped = Client(made.id, made.secret[::-1], made.record)
    assert error(ask(keystead, swapped, path=SECURE_ACCESS)) == (401, "invalid_client")
    nameless = post(keystead, SECURE_ACCESS, {"grant_type": "client_credentials"})
    assert error(nameless) == (401, "invalid_client")

    # C8, C9: Read/Write on networks, Read-Only on rules, nothing of the category above them.
    may = {operation for operation in OPERATIONS if api.call(operation, token) == 200}
    assert may == {"GET /networks", "POST /networks", "GET /rules"}
    only_read = {**again, "name": "regions", "access": [access(network, **{REGIONS: "write"})]}
    assert f"access[0].levels.{REGIONS}" in wrong(keystead.call("POST", CREDENTIALS, only_read))

    # C23: what is changed acts on the token in use, and the secret stays.
    change = {"name": "Branch offices", "access": [access(network, f"{NETWORKS}:read")]}
    ok(keystead.call("PATCH", made.path, change))
    assert [api.call(each, token) for each in ("GET /networks", "POST /networks")] == [200, 403]
    assert ask(keystead, made).status == 200

    # C14 of the hour: after it, the token is none, and the key gives a new one.
    keystead.set(keystead.after(hours=1))
    assert api.why("GET /networks", token) == (401, "inactive")
    token = exchange(keystead, made)["access_token"]
    assert api.call("GET /networks", token) == 200

    # C24: deleted, the key and its tokens stop; a trace stays for the audit.
    ok(keystead.call("DELETE", made.path), 204)
    assert api.call("GET /networks", token) == 401
    assert error(ask(keystead, made, path=SECURE_ACCESS)) == (401, "invalid_client")
    events = ok(keystead.call("GET", f"{V1}/audit/events?object={made.record['id']}"))["items"]
    assert [each["verb"] for each in events] == [
        "credential.create", "credential.edit", "credential.delete",
    ]  # fmt: skip


def test_a_key_works_from_its_networks_alone(
    keystead: Clocked, network: dict[str, Any], api: Guarded
) -> None:
    # C11, C12: ten at most, and each entry that is wrong is named.
    reads = [access(network, f"{NETWORKS}:read")]
    wanted: dict[str, Any] = {"kind": "api_key", "name": "office", "access": reads}
    wanted |= {"expires_at": None, "networks": [f"192.0.2.{n}" for n in range(11)]}
    assert wrong(keystead.call("POST", CREDENTIALS, wanted)).keys() == {"networks"}
    wanted |= {"networks": ["127.0.1.0/24", "192.0.2.300"]}
    assert wrong(keystead.call("POST", CREDENTIALS, wanted)).keys() == {"networks[1]"}

    # C13: an organisation may have public ones alone.
    settings = f"{V1}/settings"
    ok(keystead.call("PATCH", settings, {"require_public_networks": True}))
    wanted |= {"networks": ["127.0.1.0/24"]}
    assert wrong(keystead.call("POST", CREDENTIALS, wanted)).keys() == {"networks[0]"}
    ok(keystead.call("PATCH", settings, {"require_public_networks": False}))

    # C14: judged when the key is exchanged and at each use of what it was given.
    made = key(keystead, access=reads, networks=["127.0.1.0/24"])
    refused = ask(keystead, made, path=SECURE_ACCESS, source=OFFICE)
    assert error(refused) == (400, "invalid_target"), "offline nobody could hold a JWT to them"
    edit(keystead, network, offline_networks="accepted")
    found = ask(keystead, made, path=SECURE_ACCESS, source=ELSEWHERE)
    assert error(found) == (401, "invalid_client")
    token = exchange(keystead, made, source=OFFICE)["access_token"]
    assert token.startswith("ey")
    assert api.call("GET /networks", token, source=OFFICE) == 200
    assert api.call("GET /networks", token, source=ELSEWHERE) == 401

    # C15: one taken away acts on the token in use.
    ok(keystead.call("PATCH", made.path, {"networks": ["127.0.2.0/24"]}))
    used = [api.call("GET /networks", token, source=source) for source in (OFFICE, ELSEWHERE)]
    assert used == [401, 200]
    edit(keystead, network, offline_networks="refused")


def test_keys_that_end_are_counted_and_refreshed(
    keystead: Clocked, network: dict[str, Any], api: Guarded
) -> None:
    # C10, C19, C20: expired and expiring within 30 days; an end instant is no longer good.
    owner = application(keystead, "user")["id"]
    reads = [access(network, f"{RULES}:read")]
    ends = {"today": 1, "this month": 30, "next month": 31}
    made = {
        name: key(
            keystead, name=name, access=reads, owner_id=owner, expires_at=keystead.after(days=days)
        )
        for name, days in ends.items()
    }
    key(keystead, name="never", access=reads, owner_id=owner)
    assert counted(keystead, "expired", owner) == set()
    assert counted(keystead, "expiring", owner) == {"today", "this month"}
    token = exchange(keystead, made["today"])["access_token"]
    keystead.set(made["today"].record["expires_at"])
    assert counted(keystead, "expired", owner) == {"today"}
    assert counted(keystead, "expiring", owner) == {"this month", "next month"}
    assert counted(keystead, "active", owner) == {"never"}
    assert api.call("GET /rules", token) == 401
    assert error(ask(keystead, made["today"], path=SECURE_ACCESS)) == (401, "invalid_client")

    # C22: a refresh gives another id and another secret; the old ones and their tokens end at once.
    old = made["this month"]
    token = exchange(keystead, old)["access_token"]
    answer = ok(keystead.call("POST", f"{old.path}/refresh"))
    record = answer["credential"]
    new = Client(record["public_id"], answer["secret"], record)
    assert new.id != old.id
    assert (record["name"], record["expires_at"]) == ("this month", old.record["expires_at"])
    assert api.call("GET /rules", token) == 401
    assert error(ask(keystead, old, path=SECURE_ACCESS)) == (401, "invalid_client")
    assert api.call("GET /rules", exchange(keystead, new)["access_token"]) == 200
    # C16 to C18: the secret stood in that answer alone.
    assert new.secret not in json.dumps(record_of(keystead, record["id"]))


def test_a_key_admin_gives_what_its_owner_may_and_nothing_else(
    keystead: Clocked, network: dict[str, Any], api: Guarded
) -> None:
    # C25, C26: managing keys takes the role for it; the class holds nothing but that.
    auditor = application(keystead, "auditor")["id"]
    team = network["owner_id"]
    wanted: dict[str, Any] = {"kind": "api_key", "expires_at": None}
    reader, _ = keystead.token("credentials:create", owner_id=auditor)
    asked = {**wanted, "name": "by an auditor", "scopes": ["credentials:list"]}
    refused = keystead.call("POST", CREDENTIALS, asked, token=reader)
    assert problem(refused) == (403, "insufficient_scope")
    admin = key(keystead, *MANAGING, type="key_admin", name="key admin", owner_id=team)
    token = exchange(keystead, admin)["access_token"]
    assert set(ok(whoami(keystead, token))["scopes"]) == set(MANAGING)
    for path in ("accounts", "owners", "audit/events"):
        refused = keystead.call("GET", f"{V1}/{path}", token=token)
        assert problem(refused) == (403, "insufficient_scope"), path

    # C27: keys are managed by API; for the team's own network, not for what the team lacks.
    soon = keystead.after(minutes=30)

    def make(**more: object) -> tuple[int, Any]:
        body = {**wanted, "name": keystead.unique("made"), "expires_at": soon, **more}
        answer = keystead.call("POST", CREDENTIALS, body, token=token)
        return answer.status, answer.json()

    status, made = make(access=[access(network, **{RULES: "write"})])
    assert status == 201, made
    for beyond in (
        {"scopes": ["settings:edit"]},
        {"scopes": ["credentials:list"], "type": "key_admin"},
        {"access": [access(network, f"{RULES}:read")], "expires_at": None},
    ):
        status, answer = make(**beyond)
        assert (status, answer["code"]) == (403, "insufficient_scope"), beyond
    new = Client(made["credential"]["public_id"], made["secret"], made["credential"])
    assert api.call("POST /rules", exchange(keystead, new)["access_token"]) == 200
    ok(keystead.call("POST", f"{new.path}/disable", token=token))
    assert error(ask(keystead, new, path=SECURE_ACCESS)) == (401, "invalid_client")
    ok(keystead.call("POST", f"{new.path}/enable", token=token))
    ok(keystead.call("DELETE", new.path, token=token), 204)

    # All of it is entered under who did it, without a value.
    listed = f"{V1}/audit/events?object={new.record['id']}"
    events = ok(keystead.call("GET", listed))["items"]
    assert [each["verb"] for each in events] == [
        "credential.create", "credential.disable", "credential.enable", "credential.delete",
    ]  # fmt: skip
    assert {each["actor"]["owner_id"] for each in events} == {team}
    by = ok(keystead.call("GET", f"{V1}/audit/events?credential={new.record['id']}"))["items"]
    assert [(e["verb"], e["decision"]) for e in by] == [
        ("oauth.issue", "allowed"), ("oauth.issue", "refused"),
    ]  # fmt: skip
    assert new.secret not in json.dumps([events, by])


def test_there_is_no_limit_to_the_number_of_keys_but_to_log_ins(
    keystead: Clocked, network: dict[str, Any]
) -> None:
    # C3: keys without a limit, read page by page. Twenty log-ins a minute of one of them.
    owner = application(keystead, "user")["id"]
    reads = [access(network, f"{RULES}:read")]
    made = [key(keystead, access=reads, owner_id=owner) for _ in range(30)]
    seen: list[str] = []
    after = ""
    while True:
        asked = f"{CREDENTIALS}?kind=api_key&owner={owner}&page_size=20{after}"
        page = ok(keystead.call("GET", asked))
        seen += [each["public_id"] for each in page["items"]]
        if page["next_page_token"] is None:
            break
        after = f"&page_token={page['next_page_token']}"
    assert sorted(seen) == sorted(each.id for each in made)
    for _ in range(20):
        exchange(keystead, made[0])
    refused = ask(keystead, made[0], path=SECURE_ACCESS)
    assert error(refused) == (429, "temporarily_unavailable")
    assert int(refused.headers["retry-after"]) <= 60
    exchange(keystead, made[1])
