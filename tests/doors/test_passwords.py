"""Passwords of users: set by an administrator, changed by oneself, guessed by nobody, told to nobody."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keystead.core.secret import Secret
from keystead.crypto.passwords import password_fits
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import ALL, V1, application, member, ok, problem, told, user
from tests.features.asking import field_errors
from tests.oauth.asking import Client, client, exchanged, key
from tests.running import Answer, Served, Server, running

OWNERS = f"{V1}/owners"
GOOD = "nine troubled waters"
OTHER = "seven calm lakes"


@dataclass(slots=True)
class Self:
    """The administrator, who is the one user with a token, and his password as it is now."""

    server: Clocked
    current: str

    @property
    def another(self) -> str:
        return GOOD if self.current != GOOD else OTHER

    def change(self, new: str, current: str | None = None, token: str = "") -> Answer:
        given = {"current": self.current if current is None else current, "new": new}
        answer = self.server.call("POST", f"{V1}/self/password", given, token=token)
        if answer.status == 204 and not token:
            self.current = new
        return answer


@pytest.fixture(scope="module")
def myself(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Self]:
    with running_clocked(tmp_path_factory.mktemp("passwords") / "data") as server:
        yield Self(server, server.admin_password)


def new_user(server: Served, **more: object) -> Answer:
    login = server.unique("person")
    return server.call("POST", OWNERS, {"kind": "user", "name": login, "login": login, **more})


def edit(server: Served, owner_id: str, **change: object) -> Answer:
    return server.call("PATCH", f"{OWNERS}/{owner_id}", change)


def stored(server: Served, owner_id: str) -> str | None:
    with closing(sqlite3.connect(server.data / "keystead.db")) as base:
        (row,) = base.execute("SELECT password_hash FROM owners WHERE id = ?", (owner_id,))
    return None if row[0] is None else str(row[0])


def is_password(server: Served, owner_id: str, password: str) -> bool:
    hashed = stored(server, owner_id)
    assert hashed is not None
    return password_fits(Secret(password), hashed)


def entries(server: Served, verb: str) -> list[dict[str, Any]]:
    exported = server.call("GET", f"{V1}/audit/export?format=jsonl").body.splitlines()[:-1]
    events = (json.loads(line)["entry"]["event"] for line in exported)
    return [event for event in events if event["verb"] == verb]


def admin_id(server: Served) -> str:
    return str(ok(server.call("GET", f"{V1}/whoami"))["owner"]["id"])


def test_a_password_that_is_set_for_a_user_is_kept_as_a_hash_and_is_his_to_change(
    server: Server,
) -> None:
    made = ok(new_user(server, password=GOOD), 201)
    assert made["must_change"] is True
    assert made["password_changed_at"] == made["created_at"]
    assert "password" not in made
    assert is_password(server, made["id"], GOOD)
    changed = ok(edit(server, made["id"], password=OTHER))
    assert changed["password_changed_at"] == changed["modified_at"] > made["modified_at"]
    assert is_password(server, made["id"], OTHER)
    assert not is_password(server, made["id"], GOOD)
    assert ok(edit(server, made["id"], email="a@example.com"))["must_change"] is True
    assert is_password(server, made["id"], OTHER), "another edit leaves it alone"


def test_the_first_administrator_s_was_made_for_him(tmp_path: Path) -> None:
    # A server of its own: on the shared one, somebody may have changed it.
    with running(tmp_path / "data") as server:
        me = ok(server.call("GET", f"{OWNERS}/{admin_id(server)}"))
        assert (me["must_change"], me["password_changed_at"]) == (True, me["created_at"])
        assert is_password(server, me["id"], server.admin_password)


def test_a_user_may_have_none(server: Server) -> None:
    made = ok(new_user(server), 201)
    assert (made["password_changed_at"], made["must_change"]) == (None, False)
    assert stored(server, made["id"]) is None


def test_one_letter_typed_on_two_keyboards_is_one_letter(server: Server) -> None:
    made = ok(new_user(server, password="caf\u00e9 au lait, deux"), 201)
    assert is_password(server, made["id"], "cafe\u0301 au lait, deux")
    assert not is_password(server, made["id"], "cafe\u0301 au lait, deux ")


def test_a_password_made_here_is_shown_once(server: Server) -> None:
    answer = new_user(server, generate_password=True)
    made = ok(answer, 201)
    assert answer.headers["cache-control"] == "no-store"
    assert len(made["password"]) == 24
    assert is_password(server, made["id"], made["password"])
    assert "password" not in ok(server.call("GET", f"{OWNERS}/{made['id']}"))
    again = ok(edit(server, made["id"], generate_password=True))
    assert again["password"] != made["password"]
    assert is_password(server, made["id"], again["password"])
    assert "password" not in ok(edit(server, made["id"], email=""))


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "x7-" * 100,
        "P@ssw0rd2024!",
        "tab\tinside it all",
        "\x01 a hidden sign",
    ],
    ids=ascii,
)
def test_a_bad_password_is_refused_when_made_and_when_edited(server: Server, password: str) -> None:
    refused = new_user(server, password=password)
    assert field_errors(refused) == {"password"}
    assert not password or password not in refused.body.decode()
    assert field_errors(edit(server, user(server)["id"], password=password)) == {"password"}


def test_a_password_is_none_of_his_own_names(server: Server) -> None:
    names = {"name": "Wilhelmina Torrington", "login": server.unique("wtorr")}
    refused = new_user(server, **names, password="wilhelmina-torrington")
    assert field_errors(refused) == {"password"}
    made = ok(new_user(server, **names, email="mina@quillfeather.example"), 201)
    for like in ("Torrington, Wilhelmina", "quillfeather mina 1"):
        assert field_errors(edit(server, made["id"], password=like)) == {"password"}
    renamed = edit(server, made["id"], name="Ida Quartermaine", password="quartermaine ida 9")
    assert field_errors(renamed) == {"password"}


def test_typed_or_made_here_but_not_both_and_for_users_alone(server: Server) -> None:
    both = new_user(server, password=GOOD, generate_password=True)
    assert field_errors(both) == {"generate_password"}
    for given in ({"password": GOOD}, {"generate_password": True}):
        wanted = {"kind": "application", "name": server.unique("app"), **given}
        assert field_errors(server.call("POST", OWNERS, wanted)) == {"password"}
        assert field_errors(edit(server, application(server)["id"], **given)) == {"password"}


def test_a_password_that_is_refused_changes_nothing_else(server: Server) -> None:
    somebody = user(server)
    field_errors(edit(server, somebody["id"], email="new@example.com", password="short"))
    assert ok(server.call("GET", f"{OWNERS}/{somebody['id']}")) == somebody


def test_only_an_administrator_sets_one(server: Server) -> None:
    somebody = user(server)["id"]
    for role in ("manager", "user", "auditor"):
        _, token = member(server, role)
        refused = server.call("PATCH", f"{OWNERS}/{somebody}", {"password": GOOD}, token=token)
        assert refused.status in {403, 404}
        login = server.unique("person")
        wanted = {"kind": "user", "name": login, "login": login, "password": GOOD}
        refused = server.call("POST", OWNERS, wanted, token=token)
        assert problem(refused) == (403, "insufficient_scope")
    assert stored(server, somebody) is None


def test_a_narrow_token_becomes_nobody_by_his_password(server: Server) -> None:
    narrow, _ = server.token("owners:edit", "owners:read")
    for roles in (["user"], ["manager"], ["administrator"]):
        somebody = ok(new_user(server, roles=roles), 201)["id"]
        for body in ({"password": GOOD}, {"generate_password": True, "roles": []}):
            refused = server.call("PATCH", f"{OWNERS}/{somebody}", body, token=narrow)
            assert problem(refused) == (403, "insufficient_scope")
        assert stored(server, somebody) is None
    nobody = ok(new_user(server, roles=[]), 201)["id"]
    ok(server.call("PATCH", f"{OWNERS}/{nobody}", {"password": GOOD}, token=narrow))
    for role in ("manager", "auditor", "administrator"):
        refused = server.call("PATCH", f"{OWNERS}/{nobody}", {"roles": [role]}, token=narrow)
        assert problem(refused) == (403, "insufficient_scope"), "nor by what is given him later"
    wide, _ = server.token(*ALL)
    ok(server.call("PATCH", f"{OWNERS}/{nobody}", {"roles": ["administrator"]}, token=wide))
    lesser = server.call("PATCH", f"{OWNERS}/{nobody}", {"roles": ["user"]}, token=narrow)
    assert lesser.status == 200, "it may take away"


def test_one_s_own_takes_the_current_one(myself: Self) -> None:
    server = myself.server
    me = admin_id(server)
    assert field_errors(edit(server, me, password=GOOD)) == {"password"}
    new = myself.another
    ok(myself.change(new), 204)
    assert is_password(server, me, new)
    after = ok(server.call("GET", f"{OWNERS}/{me}"))
    assert (after["must_change"], after["password_changed_at"]) == (False, after["modified_at"])
    assert server.call("GET", f"{V1}/whoami").status == 200, "his tokens stay"


def test_a_wrong_current_one_is_refused_and_entered(myself: Self) -> None:
    before = len(entries(myself.server, "owner.change_password"))
    refused = myself.change(OTHER, "no, not this one")
    assert problem(refused) == (403, "wrong_password")
    assert is_password(myself.server, admin_id(myself.server), myself.current)
    ok(myself.change(myself.another), 204)
    told = [
        (e["decision"], e["code"], e["object"]["id"])
        for e in entries(myself.server, "owner.change_password")[before:]
    ]
    me = admin_id(myself.server)
    assert told == [("refused", "wrong_password", me), ("allowed", "ok", me)]


@pytest.mark.parametrize("new", ["short", "administrator 1", "P@ssw0rd2024!"])
def test_a_bad_new_one_is_refused_whatever_the_current_one(myself: Self, new: str) -> None:
    for current in (None, "no, not this one"):
        assert field_errors(myself.change(new, current)) == {"new"}


def test_it_must_be_another_one(myself: Self) -> None:
    ok(myself.change(myself.another), 204)
    assert field_errors(myself.change(myself.current)) == {"new"}


def test_whoever_has_none_is_answered_alike_and_as_late(myself: Self) -> None:
    token = member(myself.server, "user")[1]

    def least(ask: Callable[[], Answer]) -> tuple[float, tuple[int, bytes]]:
        found: set[tuple[int, bytes]] = set()
        spent = []
        for _ in range(3):
            began = time.perf_counter()
            found.add(told(ask()))
            spent.append(time.perf_counter() - began)
        (answer,) = found
        return min(spent), answer

    wrong, answer = least(lambda: myself.change(OTHER, "no, not this one"))
    ok(myself.change(myself.another), 204)
    without, same = least(lambda: myself.change(OTHER, "no, not this one", token))
    assert answer == same
    assert answer[0] == 403
    assert without > wrong / 4, "a hash was checked"


def test_five_wrong_ones_in_a_quarter_of_an_hour_and_then_not_even_the_right_one(
    myself: Self,
) -> None:
    clock = myself.server
    for n in range(5):
        assert problem(myself.change(OTHER, f"no, not number {n}"))[1] == "wrong_password"
    for current in ("no, not this one", None):
        waits = myself.change("six calm lakes, at last", current)
        assert problem(waits) == (429, "rate_limited")
        assert waits.headers["retry-after"] == "900"
    assert clock.call("GET", f"{V1}/whoami").status == 200, "nothing else waits"
    another, _ = clock.token("accounts:list")
    by_another = myself.change(OTHER, "no, not by this one", another)
    assert problem(by_another) == (403, "wrong_password"), "each credential has guesses of its own"
    clock.set(clock.after(minutes=15))
    ok(myself.change("six calm lakes, at last"), 204)


@pytest.mark.parametrize("make", [client, key])
def test_however_many_tokens_a_client_is_given_it_guesses_five_times(
    myself: Self, make: Callable[..., Client]
) -> None:
    made = make(myself.server, "accounts:list")
    answers = [
        problem(myself.change(OTHER, f"no, not number {n}", exchanged(myself.server, made)))
        for n in range(7)
    ]
    assert answers == [(403, "wrong_password")] * 5 + [(429, "rate_limited")] * 2


def test_that_a_password_was_set_stands_in_the_audit(myself: Self) -> None:
    made = ok(new_user(myself.server, password=GOOD), 201)
    ok(edit(myself.server, made["id"], generate_password=True))
    ok(edit(myself.server, made["id"], email="a@example.com"))
    facts = [e["facts"].get("password_set") for e in entries(myself.server, "owner.create")]
    assert facts[-1] is True
    facts = [e["facts"].get("password_set") for e in entries(myself.server, "owner.edit")]
    assert facts[-2:] == [True, None]


def test_too_many_at_once_are_asked_to_come_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(tmp_path_factory.mktemp("busy") / "data") as server:

        def make(n: int) -> Answer:
            wanted = {"kind": "user", "name": f"u{n}", "login": f"u{n}", "password": GOOD}
            return server.call("POST", OWNERS, wanted)

        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(make, range(40)))
        statuses = [answer.status for answer in answers]
        assert statuses.count(201) >= 18
        refused = [answer for answer in answers if answer.status != 201]
        assert refused, "forty at once are more than there are places"
        assert {problem(answer) for answer in refused} == {(503, "busy")}
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        listed = ok(server.call("GET", f"{OWNERS}?q=u&kind=user&page_size=200"))["items"]
        kept = {owner["login"] for owner in listed} - {"admin"}
        assert kept == {f"u{n}" for n, status in enumerate(statuses) if status == 201}
