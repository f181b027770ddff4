"""Row C22: for an overlap, a refreshed key is found under its former id too, and is one key under both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.doors.cast import V1, ok, problem, until
from tests.doors.repeating import entries, keyed, new_key, was_repeated
from tests.doors.tokens import CREDENTIALS, create, lives, record_of, wrong
from tests.oauth.asking import SECURE_ACCESS, TOKEN, Client, ask, error, exchanged, post

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clocked import Clocked
    from tests.running import Served, Server


REVOKE = "/oauth/revoke"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A key before and after, with an hour of overlap."""

    old: Client
    new: Client

    @property
    def path(self) -> str:
        return f"{CREDENTIALS}/{self.new.record['id']}"


def client_of(issued: dict[str, Any]) -> Client:
    return Client(issued["credential"]["public_id"], issued["secret"], issued["credential"])


def key(server: Served, **more: object) -> Client:
    return client_of(ok(create(server, kind="api_key", name=server.unique("key"), **more), 201))


def refresh(server: Served, old: Client, **more: object) -> Refreshed:
    wish = {k: v for k, v in {"overlap_seconds": 3600, **more}.items() if v is not ...}
    return Refreshed(old, client_of(ok(server.call("POST", f"{old.path}/refresh", wish))))


def test_c22_the_old_id_is_good_until_the_end_of_the_overlap(clocked: Clocked) -> None:
    it = refresh(clocked, key(clocked))
    end = clocked.after(hours=1)
    former = it.new.record["former"]
    assert former == {
        "id": it.old.record["id"],
        "public_id": it.old.id,
        "ends_at": end,
        "last_used": None,
        "still_used": False,
    }
    token = exchanged(clocked, it.old)
    clocked.set(end, microseconds=-1)
    assert lives(clocked, it.old.secret, it.new.secret, token) == [True, True, True]
    assert record_of(clocked, it.new.record["id"])["former"] == former
    clocked.set(end)
    assert lives(clocked, it.old.secret, it.new.secret, token) == [False, True, False]
    refused = clocked.call("GET", f"{V1}/whoami", token=it.old.secret)
    assert problem(refused) == (401, "credential_revoked")
    assert record_of(clocked, it.new.record["id"])["former"] is None


def test_c22_both_ids_are_recognised_in_every_manner(server: Server) -> None:
    it = refresh(server, key(server))
    for each in (it.old, it.new):
        for headers in (
            {"Authorization": each.basic},
            {"X-API-Key": each.secret},
            {"Authorization": f"Token token={each.secret}"},
            {"authtoken": each.secret},
        ):
            found = ok(server.call("GET", f"{V1}/whoami", token=None, headers=headers))
            assert found["credential"]["id"] == each.record["id"]
        for path in (TOKEN, SECURE_ACCESS):
            assert ask(server, each, path=path).status == 200
        shown = {"token": each.secret, "audience": "keystead"}
        found = ok(server.call("POST", f"{V1}/verify", shown))
        assert (found["code"], found["credential"]["name"]) == ("VALID", it.new.record["name"])
    mixed = Client(it.old.id, it.new.secret, {})
    headers = {"Authorization": mixed.basic}
    refused = server.call("GET", f"{V1}/whoami", token=None, headers=headers)
    assert problem(refused) == (401, "invalid_credential")


def test_c22_the_former_id_is_no_credential_of_its_own(clocked: Clocked) -> None:
    server = clocked
    it = refresh(server, key(server))
    path = f"{CREDENTIALS}/{it.old.record['id']}"
    assert ok(server.call("GET", path))["id"] == it.new.record["id"], "it names the key"
    again = refresh(server, key(server))
    ok(server.call("POST", f"{CREDENTIALS}/{again.old.record['id']}/revoke"))
    assert lives(server, again.old.secret, again.new.secret) == [False, False]
    server.set(server.after(hours=1))
    for method, more in (("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/refresh")):
        assert problem(server.call(method, path + more)) == (404, "not_found")
    name = it.new.record["name"]
    found = ok(server.call("GET", f"{CREDENTIALS}?kind=api_key&q={quote(name)}"))["items"]
    assert [each["id"] for each in found] == [it.new.record["id"]]


def test_c22_nothing_that_the_old_secret_gave_takes_over_the_key(server: Server) -> None:
    it = refresh(server, key(server, scopes=["credentials:rotate"]))
    token = exchanged(server, it.old)
    for presented in (it.old.secret, token):
        for path in (f"{it.path}/rotate", f"{it.path}/refresh"):
            wish = {"expires_in": "50m"} if path.endswith("rotate") else {}
            refused = server.call("POST", path, wish, token=presented)
            assert problem(refused) == (409, "wrong_state")
    assert lives(server, it.new.secret) == [True]


def test_c22_tokens_are_given_back_under_either_id(server: Server) -> None:
    it = refresh(server, key(server))
    token = exchanged(server, it.old)
    assert post(server, REVOKE, {"token": token}, authorization=it.new.basic).status == 200
    assert lives(server, token, it.old.secret) == [False, True]
    sent = {"token": it.old.secret}
    assert post(server, REVOKE, sent, authorization=it.old.basic).status == 200
    assert lives(server, it.old.secret, it.new.secret) == [False, False]


ENDINGS: dict[str, Callable[[Served, Refreshed], Any]] = {
    "revoke": lambda server, it: ok(server.call("POST", f"{it.path}/revoke")),
    "disable": lambda server, it: ok(server.call("POST", f"{it.path}/disable")),
    "delete": lambda server, it: ok(server.call("DELETE", it.path), 204),
    "networks": lambda server, it: ok(server.call("PATCH", it.path, {"networks": ["10.9.9.9"]})),
    "begins": lambda server, it: ok(
        server.call("PATCH", it.path, {"not_before": "2098-01-01T00:00:00Z"})
    ),
    "refresh": lambda server, it: ok(server.call("POST", f"{it.path}/refresh")),
    "rotate": lambda server, it: ok(server.call("POST", f"{it.path}/rotate")),
    "its own": lambda server, it: ok(
        server.call("POST", f"{V1}/self/revoke", token=it.old.secret), 204
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_c22_what_ends_the_key_ends_its_former_id_at_every_worker(
    workers: Server, ending: str
) -> None:
    it = refresh(workers, key(workers))
    token = exchanged(workers, it.old)
    # Both workers have come to know them, as a rule.
    assert all(lives(workers, *[it.old.secret, it.new.secret, token] * 6))
    ENDINGS[ending](workers, it)
    assert not any(lives(workers, *[it.old.secret, it.new.secret] * 6))
    assert not any(lives(workers, *[token] * 6))


def test_c22_what_is_narrowed_or_moved_is_so_under_both_ids(clocked: Clocked) -> None:
    it = refresh(clocked, key(clocked, scopes=["folders:list", "accounts:list"]))
    folders = [clocked.call("GET", f"{V1}/folders", token=it.old.secret)]
    ok(clocked.call("PATCH", it.path, {"scopes": ["accounts:list"]}))
    folders += [
        clocked.call("GET", f"{V1}/folders", token=each.secret) for each in (it.old, it.new)
    ]
    assert [answer.status for answer in folders] == [200, 403, 403]
    end = clocked.after(minutes=10)
    ok(clocked.call("PATCH", it.path, {"expires_at": end}))
    clocked.set(end)
    assert lives(clocked, it.old.secret, it.new.secret) == [False, False]
    ok(clocked.call("POST", f"{it.path}/disable"))
    ok(clocked.call("POST", f"{it.path}/enable"))
    assert lives(clocked, it.old.secret) == [False]


def test_c22_the_first_use_of_the_new_secret_ends_the_former_id(clocked: Clocked) -> None:
    old = key(clocked)
    it = refresh(clocked, old, overlap_seconds=600, revoke_after_first_use=True)
    token = exchanged(clocked, old)
    assert lives(clocked, old.secret, token) == [True, True]
    assert lives(clocked, it.new.secret, old.secret, token) == [True, False, False]
    assert record_of(clocked, it.new.record["id"])["former"] is None
    (entry,) = entries(clocked, verb="credential.retire", object=it.new.record["id"])
    assert entry["actor"]["kind"] == "system"
    assert entry["facts"] == {"secret": 1, "former": old.record["id"]}
    longest = refresh(clocked, it.new, overlap_seconds=..., revoke_after_first_use=True)
    assert longest.new.record["former"]["ends_at"] == clocked.after(days=7)


def test_c22_a_rotation_with_overlap_lets_the_former_id_end_no_later(clocked: Clocked) -> None:
    it = refresh(clocked, key(clocked))
    sooner = clocked.after(seconds=60)
    ok(clocked.call("POST", f"{it.path}/rotate", {"overlap_seconds": 60}))
    assert record_of(clocked, it.new.record["id"])["former"]["ends_at"] == sooner
    newest = ok(clocked.call("POST", f"{it.path}/rotate", {"overlap_seconds": 7200}))["secret"]
    assert record_of(clocked, it.new.record["id"])["former"]["ends_at"] == sooner
    assert lives(clocked, it.old.secret) == [True]
    clocked.set(sooner)
    assert lives(clocked, it.old.secret, newest) == [False, True]


def test_a_rotation_may_end_the_access_tokens_of_the_former_id_too(server: Server) -> None:
    it = refresh(server, key(server))
    tokens = [exchanged(server, it.old), exchanged(server, it.new)]
    wish = {"overlap_seconds": 60, "end_access_tokens": True}
    ok(server.call("POST", f"{it.path}/rotate", wish))
    assert lives(server, it.old.secret, *tokens) == [True, False, False]


def test_one_former_id_at_a_time(clocked: Clocked) -> None:
    it = refresh(clocked, key(clocked))
    again = clocked.call("POST", f"{it.path}/refresh", {"overlap_seconds": 60})
    assert problem(again) == (409, "wrong_state")
    assert lives(clocked, it.old.secret, it.new.secret) == [True, True]
    clocked.set(it.new.record["former"]["ends_at"])
    third = refresh(clocked, it.new)
    assert lives(clocked, it.old.secret, it.new.secret, third.new.secret) == [False, True, True]


def test_a_key_under_its_former_id_does_not_rotate_further(server: Server) -> None:
    it = refresh(server, key(server, scopes=["self:rotate", "credentials:rotate"]))
    for path in (f"{V1}/self/rotate", f"{it.path}/rotate", f"{it.path}/refresh"):
        refused = server.call("POST", path, token=it.old.secret)
        assert problem(refused) == (409, "wrong_state")
    assert ok(server.call("POST", f"{V1}/self/rotate", token=it.new.secret))["secret"]


def test_c22_its_uses_since_are_told(server: Server) -> None:
    old = key(server)
    assert lives(server, old.secret) == [True]
    until(lambda: bool(record_of(server, old.record["id"])["last_used"]))
    it = refresh(server, old)
    used = it.new.record["former"]["last_used"]
    assert (used["uses"], it.new.record["former"]["still_used"]) == (1, False)
    assert lives(server, old.secret) == [True]
    until(lambda: bool(record_of(server, it.new.record["id"])["former"]["still_used"]))
    assert record_of(server, it.new.record["id"])["last_used"] is None


def test_an_overlap_is_asked_for_as_of_a_rotation(server: Server) -> None:
    path = f"{key(server).path}/refresh"
    for overlap in (-1, 604_801):
        assert set(wrong(server.call("POST", path, {"overlap_seconds": overlap}))) == {
            "overlap_seconds"
        }
    inert = {"overlap_seconds": 0, "revoke_after_first_use": True}
    assert set(wrong(server.call("POST", path, inert))) == {"revoke_after_first_use"}
    for kind in ("api_token", "oauth_client"):
        record = ok(create(server, kind=kind), 201)["credential"]
        refused = server.call(
            "POST", f"{CREDENTIALS}/{record['id']}/refresh", {"overlap_seconds": 60}
        )
        assert problem(refused) == (409, "wrong_state")


def test_the_entry_says_how_long_the_overlap_is(server: Server) -> None:
    it = refresh(server, key(server))
    (entry,) = entries(server, verb="credential.refresh", object=it.new.record["id"])
    assert entry["facts"] == {"refreshed_from": it.old.record["id"], "overlap_seconds": 3600}


def test_a_key_that_refreshes_itself_may_ask_again_under_its_old_secret(server: Server) -> None:
    scopes = ["credentials:rotate", "credentials:read"]
    old = key(server, scopes=scopes)
    path, sent = f"{old.path}/refresh", keyed(new_key(server))
    wish = {"overlap_seconds": 3600}
    first = server.call("POST", path, wish, token=old.secret, headers=sent)
    again = server.call("POST", path, wish, token=old.secret, headers=sent)
    assert (ok(again), was_repeated(first), was_repeated(again)) == (ok(first), False, True)
    new = ok(again)["secret"]
    assert lives(server, new, old.secret) == [True, True]
    # What ends it sooner is a right that has changed.
    ok(
        server.call(
            "PATCH", f"{CREDENTIALS}/{ok(first)['credential']['id']}", {"expires_in": "60s"}
        )
    )
    late = server.call("POST", path, wish, token=old.secret, headers=sent)
    assert problem(late) == (403, "insufficient_scope")


def test_c22_both_ids_are_given_twenty_tokens_a_minute_together(clocked: Clocked) -> None:
    made = key(clocked)
    for _ in range(8):
        assert ask(clocked, made, path=SECURE_ACCESS).status == 200
    it = refresh(clocked, made)
    for each in [it.old, it.new] * 6:
        assert ask(clocked, each, path=SECURE_ACCESS).status == 200
    for each in (it.old, it.new):
        refused = ask(clocked, each, path=SECURE_ACCESS)
        assert error(refused) == (429, "temporarily_unavailable")
        assert ask(clocked, each).status == 200, "the other path has no such bound"
    assert ask(clocked, key(clocked), path=SECURE_ACCESS).status == 200
    clocked.set(clocked.after(seconds=60))
    assert ask(clocked, it.old, path=SECURE_ACCESS).status == 200


@pytest.mark.parametrize("last", ["old", "new"])
def test_c22_the_cap_of_live_tokens_is_one_for_both_ids(clocked: Clocked, last: str) -> None:
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": 3}))
    made, bystander = key(clocked), key(clocked)
    other = exchanged(clocked, bystander)
    tokens = [exchanged(clocked, made)]
    it = refresh(clocked, made)
    tokens += [exchanged(clocked, each) for each in (it.new, it.old, it.new)]
    assert lives(clocked, *tokens) == [False, True, True, True]
    tokens += [exchanged(clocked, getattr(it, last)) for _ in range(2)]
    assert lives(clocked, *tokens) == [False, False, False, True, True, True]
    summary = ok(clocked.call("GET", f"{V1}/credentials/summary"))["too_often"]
    told = {each["credential"]["id"]: each["ended"] for each in summary}
    assert told[it.new.record["id"]] == 3, "it is named by the id that it has"
    assert it.old.record["id"] not in told
    assert lives(clocked, other) == [True]
    # Once the former id has ended, what was given to it takes no place.
    clocked.set(it.new.record["former"]["ends_at"])
    more = [exchanged(clocked, it.new) for _ in range(3)]
    assert lives(clocked, *more) == [True, True, True]
    ok(clocked.call("PATCH", f"{V1}/settings", {"max_access_tokens": None}))
