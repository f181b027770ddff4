"""APIsec's story: a pipeline with an API token, a service with OAuth client credentials. Rows A1 to A19.

Real parts throughout: a server behind a socket, and the scanner's own API behind another, which asks the
server about every credential that it is shown. The server's clock is the test's, so that ends are reached
without waiting.

By API alone. What rows A1, A3 to A6, A13, A14 and A16 say of a page (two tabs, the example names, the list of
periods, a button that waits, the dialog that shows a secret once) comes with the console, and the Postman
collection of A3 and A4 with it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from keystead.policy.samples.reading import read_sample
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import V1, application, ok, problem, until
from tests.doors.registering import APIS, KEYSTEAD, access, edit, give, given
from tests.doors.tokens import CREDENTIALS, record_of
from tests.guarded import Guarded, by_introspection, by_verification, guarded
from tests.oauth.asking import Client, another, ask, client, error, exchanged, post, whoami

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCANNER = "https://scanner.example"
OPERATIONS = {
    "POST /applications": "application:create",
    "DELETE /applications/1": "application:delete",
    "GET /applications/1": "application:read",
    "GET /reports/1": "report:read",
    "POST /scans": "scan:create",
    "GET /scans/1": "scan:read",
    "GET /teams": "team:list",
    "GET /teams/1": "team:read",
}


@pytest.fixture(scope="module")
def keystead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    with running_clocked(tmp_path_factory.mktemp("apisec") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def scanner(keystead: Clocked) -> dict[str, Any]:
    """The scanner's API, registered from the sample for those who run it."""
    team = application(keystead, "user")["id"]
    body = {**json.loads(read_sample("scanner")), "identifier": SCANNER, "owner_id": team}
    return dict(ok(keystead.call("POST", APIS, body), 201))


@contextmanager
def serving(
    keystead: Clocked, scanner: dict[str, Any], *, standard: bool = False
) -> Iterator[Guarded]:
    """Serve the scanner's API, which asks with a token of its own."""
    key, _ = keystead.token("tokens:verify", "tokens:assert-ip", owner_id=scanner["owner_id"])
    ask = by_introspection(keystead, key) if standard else by_verification(keystead, key, SCANNER)
    with guarded(OPERATIONS, ask) as found:
        yield found


def test_a_pipeline_starts_scans_with_a_token(keystead: Clocked, scanner: dict[str, Any]) -> None:
    # A8 to A12: what can be ticked comes in groups, each operation with a sentence.
    shown = ok(keystead.call("GET", f"{APIS}/{scanner['id']}"))["groups"]
    assert [group["label"] for group in shown] == ["Applications", "Reports", "Scans", "Teams"]
    actions = [a for group in shown for r in group["resources"] for a in r["actions"]]
    assert {action["scope"] for action in actions} == set(OPERATIONS.values())
    assert all(action["description"].endswith(".") for action in actions)

    # A5, A6, A13, A14: a name, a period, at least one scope; then the token, this once.
    name, month = "DevOps Pipeline Token", keystead.after(days=30)
    nothing = give(keystead, name=name, expires_at=month)
    assert problem(nothing) == (400, "invalid_request")
    wanted = access(scanner, "scan:create", "scan:read", "team:list")
    token, record = given(keystead, wanted, name=name, expires_at=month)
    assert token not in json.dumps(record_of(keystead, record["id"]))

    with serving(keystead, scanner) as api:
        # A2: no log-in comes first. A11, A12: what was ticked and nothing beside it.
        assert api.call("POST /scans", None) == 401
        asked = {operation: api.call(operation, token) for operation in OPERATIONS}
        ticked = {"POST /scans", "GET /scans/1", "GET /teams"}
        assert {operation for operation, status in asked.items() if status == 200} == ticked
        assert {status for operation, status in asked.items() if operation not in ticked} == {403}
        assert api.log[-1] == (403, "INSUFFICIENT_SCOPE"), "the reason is for the API alone"
        # What the scanner allows is nothing on Keystead itself.
        assert problem(keystead.call("GET", f"{V1}/accounts", token=token)) == (
            403,
            "insufficient_scope",
        )

        # A7: at its end it stops; an edit does not bring it back, a replacement with a new secret does.
        keystead.set(month, microseconds=-1)
        assert api.call("POST /scans", token) == 200
        keystead.set(month)
        assert api.why("POST /scans", token) == (401, "EXPIRED")
        assert problem(whoami(keystead, token)) == (401, "credential_expired")
        path, later = f"{CREDENTIALS}/{record['id']}", keystead.after(days=30)
        revived = keystead.call("PATCH", path, {"expires_at": later})
        assert problem(revived) == (409, "wrong_state")
        replaced = ok(keystead.call("POST", f"{path}/rotate", {"expires_at": later}))["secret"]
        assert [api.call("POST /scans", each) for each in (token, replaced)] == [401, 200]

        # Deleted, it is refused from the next request on.
        ok(keystead.call("DELETE", path), 204)
        assert api.why("POST /scans", replaced) == (401, "REVOKED")


def test_levels_grow_with_the_catalogue_and_single_scopes_do_not(
    keystead: Clocked, scanner: dict[str, Any]
) -> None:
    reader, _ = given(keystead, access(scanner, application="read", report="read"))
    writer, _ = given(keystead, access(scanner, application="write"))
    single, _ = given(keystead, access(scanner, "application:create", "application:read"))
    with serving(keystead, scanner) as api:

        def may(token: str) -> set[str]:
            return {o for o in OPERATIONS if api.call(o, token) == 200}

        assert may(reader) == {"GET /applications/1", "GET /reports/1"}
        every = {"POST /applications", "DELETE /applications/1", "GET /applications/1"}
        assert may(writer) == every
        assert may(single) == every - {"DELETE /applications/1"}

    groups = json.loads(read_sample("scanner"))["groups"]
    actions = groups[0]["resources"][0]["actions"]
    actions.append({"key": "list", "label": "List", "description": "List the applications."})
    try:
        assert edit(keystead, scanner, groups=groups)["effect"]["gaining"] >= 2
        listing = {"GET /applications": "application:list"}
        with serving(keystead, scanner) as api:
            api.operations = listing
            tokens = (reader, writer, single)
            assert [api.call("GET /applications", token) for token in tokens] == [200, 200, 403]
    finally:
        edit(keystead, scanner, groups=json.loads(read_sample("scanner"))["groups"])


def test_another_organisation_refuses_it(
    keystead: Clocked, scanner: dict[str, Any], tmp_path: Path
) -> None:
    # A15: one server is one organisation, told apart by issuer.
    token, _ = given(keystead, access(KEYSTEAD, "accounts:list"))
    made = client(keystead, access=[access(scanner, "scan:read")])
    minted = exchanged(keystead, made)
    with another(tmp_path / "data") as other:
        where = "/.well-known/oauth-authorization-server"
        issuers = {ok(each.call("GET", where, token=None))["issuer"] for each in (keystead, other)}
        assert issuers == {keystead.url, other.url}
        for each in (token, minted):
            assert problem(whoami(other, each)) == (401, "invalid_credential")
        assert error(ask(other, made)) == (401, "invalid_client")


def test_a_service_exchanges_its_credentials(keystead: Clocked, scanner: dict[str, Any]) -> None:
    # A16, A17: the same form; the end is the client's, the id is public, the secret shown this once.
    month = keystead.after(days=30)
    holds = [access(scanner, "scan:create", "scan:read", "report:read")]
    made = client(keystead, access=holds, name="Nightly report service", expires_at=month)
    assert made.secret.startswith(made.id)
    assert made.secret not in json.dumps(record_of(keystead, made.record["id"]))

    with serving(keystead, scanner, standard=True) as api:
        # A18: by Basic or in the form, for all or some of what it holds; never a refresh token.
        whole = ask(keystead, made)
        assert (whole.headers["cache-control"], whole.headers["pragma"]) == ("no-store", "no-cache")
        found = ok(whole)
        assert found.keys() == {"token_type", "access_token", "expires_in", "scope"}
        assert (found["token_type"], found["expires_in"]) == ("Bearer", 3600)
        assert set(found["scope"].split()) == {"scan:create", "scan:read", "report:read"}
        form = [*made.pairs, ("grant_type", "client_credentials"), ("scope", "report:read")]
        part = ok(post(keystead, "/oauth/token", form))
        assert part["scope"] == "report:read"
        told = problem(whoami(keystead, made.secret))
        assert told[0] in {401, 403}, "its secret opens nothing by itself"

        # Used, and refused where it does not reach.
        token, report = found["access_token"], part["access_token"]
        assert [api.call("POST /scans", each) for each in (token, report)] == [200, 403]
        assert [api.call("GET /reports/1", each) for each in (token, report)] == [200, 200]
        assert api.call("DELETE /applications/1", token) == 403
        wrong = Client(made.id, made.secret[:-1] + "!", made.record)
        assert error(ask(keystead, wrong)) == (401, "invalid_client")
        assert error(ask(keystead, made, {"scope": "team:read"})) == (400, "invalid_scope")

        # A19: narrowed, the client narrows what it was given before, at once; widened again, back it is.
        ok(keystead.call("PATCH", made.path, {"access": [access(scanner, "report:read")]}))
        assert [api.call(each, token) for each in ("POST /scans", "GET /reports/1")] == [403, 200]
        ok(keystead.call("PATCH", made.path, {"access": holds}))
        assert api.call("POST /scans", token) == 200

    events = ok(keystead.call("GET", f"{V1}/audit/events?credential={made.record['id']}"))["items"]
    issued = [e["decision"] for e in events if e["verb"] == "oauth.issue"]
    assert issued == ["allowed", "allowed", "refused"]
    assert made.secret not in json.dumps(events)


def test_its_secret_is_rotated_and_its_end_comes(
    keystead: Clocked, scanner: dict[str, Any]
) -> None:
    month = keystead.after(days=30)
    made = client(keystead, access=[access(scanner, "scan:create")], expires_at=month)
    token = exchanged(keystead, made)
    with serving(keystead, scanner, standard=True) as api:
        # For a day old and new secret are good, and each tells its own last use; tokens live on.
        day = keystead.after(days=1)
        rotated = ok(keystead.call("POST", f"{made.path}/rotate", {"overlap_seconds": 86400}))
        newer = Client(made.id, rotated["secret"], made.record)
        assert [ask(keystead, each).status for each in (made, newer)] == [200, 200]
        assert api.call("POST /scans", token) == 200
        secrets = ok(keystead.call("GET", f"{made.path}/secrets"))["items"]
        assert [each["state"] for each in secrets] == ["retiring", "live"]
        until(
            lambda: all(
                each["last_used"] for each in record_of(keystead, made.record["id"])["secrets"]
            )
        )
        keystead.set(day)
        assert [ask(keystead, each).status for each in (made, newer)] == [401, 200]
        assert api.call("POST /scans", token) == 401, "a token lives for an hour"

        # Given back, it is none.
        token = exchanged(keystead, newer)
        assert api.call("POST /scans", token) == 200
        given_back = post(keystead, "/oauth/revoke", {"token": token}, authorization=newer.basic)
        assert given_back.status == 200
        assert api.call("POST /scans", token) == 401

        # No token outlives its client.
        keystead.set(month, minutes=-1)
        last = ok(ask(keystead, newer))
        assert last["expires_in"] == 60
        keystead.set(month)
        assert api.call("POST /scans", last["access_token"]) == 401
        assert error(ask(keystead, newer)) == (401, "invalid_client")
