"""A change with an `Idempotency-Key` is made once, and answered the same however often it is asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import Final

import pytest

from keystead.api.routes import ROUTES, Route
from keystead.core.clock import SECOND
from keystead.gate.acts.once import ANSWER_LIVES
from keystead.gate.acts.operation import Told
from tests.clocked import Clocked
from tests.doors.cast import ALL, V1, ok, problem
from tests.doors.repeating import entries, keyed, new_key, token_body, was_repeated, write
from tests.doors.route_requests import Stage, name_of, requested
from tests.running import Answer, Server

CHANGES: Final = [route for route in ROUTES if route.changes]

ENDS_ITSELF: Final = {"credential.rotate_self", "credential.revoke_self"}
"""After these the token presented is no longer good, and its answer is not repeated for it."""


@pytest.fixture
def account(server: Server) -> str:
    return str(server.account(server.folder()["id"])["id"])


class TestTheSameAgain:
    def test_a_token_is_issued_once_and_its_secret_told_again(self, server: Server) -> None:
        body, key = token_body(server), new_key(server)
        first, second, third = (
            server.call("POST", f"{V1}/credentials", body, headers=keyed(key)) for _ in range(3)
        )
        assert (first.status, was_repeated(first)) == (201, False)
        assert (second.status, was_repeated(second)) == (201, True)
        assert first.body == second.body == third.body
        assert server.call("GET", f"{V1}/folders", token=second.json()["secret"]).status == 200

        found = ok(server.call("GET", f"{V1}/credentials?q={body['name'].replace(' ', '+')}"))
        assert [each["name"] for each in found["items"]] == [body["name"]]
        ids = {answer.headers["keystead-request-id"] for answer in (first, second, third)}
        assert len(ids) == 3, "each request has its own id all the same"

    def test_each_telling_has_its_entry_and_the_act_one(self, server: Server) -> None:
        body, key = token_body(server), new_key(server)
        answers = [
            server.call("POST", f"{V1}/credentials", body, headers=keyed(key)) for _ in range(3)
        ]
        made = answers[0].json()["credential"]
        told = entries(server, object=made["id"])
        assert [(e["verb"], e["decision"]) for e in told] == [
            ("credential.create", "allowed"),
            ("answer.repeat", "allowed"),
            ("answer.repeat", "allowed"),
        ]
        assert [e["request_id"] for e in told] == [
            answer.headers["keystead-request-id"] for answer in answers
        ]
        assert told[1]["object"] == told[0]["object"]
        assert told[1]["facts"] == {"verb": "credential.create"}

    @pytest.mark.parametrize("route", CHANGES, ids=name_of)
    def test_every_change_of_every_route_can_be_asked_for_again(
        self, server: Server, route: Route
    ) -> None:
        """A route whose handler forgets it fails here."""
        stage = Stage(server)
        asked = requested(route, stage)
        token, _ = stage.issue()
        first, second = (
            server.call(route.method, asked.path, asked.body, token=token, headers=keyed("k"))
            for _ in range(2)
        )
        assert (first.status, was_repeated(first)) == (route.status, False)
        if route.verb.name in ENDS_ITSELF:
            assert problem(second) == (401, "credential_revoked")
            return
        assert was_repeated(second)
        assert (second.status, second.body) == (first.status, first.body)
        assert second.headers.get("content-type") == first.headers.get("content-type")
        assert second.headers["cache-control"] == "no-store"
        if route.verb.name == "owner.change_password":
            assert isinstance(asked.body, dict)
            back = {"current": asked.body["new"], "new": asked.body["current"]}
            ok(server.call("POST", asked.path, back), 204)

    def test_what_changes_something_is_entered_and_so_repeatable(self) -> None:
        assert {route.verb.told for route in CHANGES} == {Told.ENTERED}

    def test_the_key_stays_with_the_credential_over_a_rotation(self, server: Server) -> None:
        token, _ = server.token("self:rotate", "folders:list")
        body = {"overlap_seconds": 60}
        path = f"{V1}/self/rotate"
        first = server.call("POST", path, body, token=token, headers=keyed("k"))
        new = ok(first)["secret"]
        for presented in (token, new):
            again = server.call("POST", path, body, token=presented, headers=keyed("k"))
            assert (again.body, was_repeated(again)) == (first.body, True)

    def test_a_key_may_stand_in_quotes(self, server: Server, account: str) -> None:
        assert not was_repeated(write(server, account, '"quoted-1"', "v"))
        assert was_repeated(write(server, account, "quoted-1", "v"))

    def test_many_at_once_make_one(self, workers: Server) -> None:
        account = workers.account(workers.folder()["id"])["id"]
        for turn in range(5):
            with ThreadPoolExecutor(8) as pool:
                answers = list(
                    pool.map(
                        lambda _, k=turn: write(workers, account, f"at-once-{k}", "v"), range(8)
                    )
                )
            assert [answer.status for answer in answers] == [200] * 8
            assert len({answer.body for answer in answers}) == 1
            assert sorted(map(was_repeated, answers)) == [False] + [True] * 7
            assert answers[0].json()["version"] == turn + 2


class TestAnother:
    def test_request_is_refused_under_a_used_key(self, server: Server, account: str) -> None:
        first = write(server, account, "used", "v")
        other = server.account(server.folder()["id"])["id"]
        for answer in (
            write(server, account, "used", "another value"),
            write(server, other, "used", "v"),
            server.call("DELETE", f"{V1}/accounts/{account}", headers=keyed("used")),
        ):
            assert problem(answer) == (409, "idempotency_mismatch")
            assert not was_repeated(answer)
        refused = entries(server, verb="secret.write", decision="refused")
        assert "idempotency_mismatch" in {entry["code"] for entry in refused}
        again = write(server, account, "used", "v")
        assert (again.body, was_repeated(again)) == (first.body, True)
        assert ok(server.call("GET", f"{V1}/accounts/{account}"))["version"] == 2

    def test_credential_may_use_the_same_key(self, server: Server, account: str) -> None:
        assert ok(write(server, account, "shared", "v"))["version"] == 2
        other, _ = server.token(*ALL)
        assert ok(write(server, account, "shared", "v", other))["version"] == 3

    def test_key_is_another_request(self, server: Server, account: str) -> None:
        assert ok(write(server, account, "one", "v"))["version"] == 2
        assert ok(write(server, account, "two", "v"))["version"] == 3

    def test_try_is_free_after_a_refusal(self, server: Server) -> None:
        taken = server.folder()
        path, key = f"{V1}/folders", keyed("free")
        no = server.call("POST", path, {"name": taken["name"]}, headers=key)
        assert problem(no) == (409, "name_taken")
        wrong = server.call("POST", path, {"name": ""}, headers=key)
        assert problem(wrong) == (400, "invalid_request")
        made = server.call("POST", path, {"name": server.unique("free")}, headers=key)
        assert (made.status, was_repeated(made)) == (201, False)


class TestTheEnd:
    def test_an_answer_is_told_for_a_quarter_of_an_hour(self, clocked: Clocked) -> None:
        account = clocked.account(clocked.folder()["id"])["id"]
        began = clocked.after()
        assert ok(write(clocked, account, "ends", "v"))["version"] == 2
        assert ANSWER_LIVES == 15 * 60 * SECOND
        clocked.set(began, minutes=15, microseconds=-1)
        assert ok(last := write(clocked, account, "ends", "v"))["version"] == 2
        assert was_repeated(last)
        clocked.set(began, minutes=15)
        assert ok(anew := write(clocked, account, "ends", "v"))["version"] == 3
        assert not was_repeated(anew), "its row had not been deleted yet"
        assert was_repeated(write(clocked, account, "ends", "v"))

    def test_an_ended_key_may_stand_for_another_request(self, clocked: Clocked) -> None:
        account = clocked.account(clocked.folder()["id"])["id"]
        began = clocked.after()
        ok(write(clocked, account, "reused", "v"))
        clocked.set(began, minutes=15)
        assert ok(write(clocked, account, "reused", "another"))["version"] == 3


class TestTheHeader:
    @pytest.mark.parametrize(
        "bad", ["", " ", "k b", "é", "k" * 65, '"k', 'k"', '""', "k,b", '"k"; b', "kst_" + "0" * 61]
    )
    def test_another_form_is_refused_by_name(self, server: Server, bad: str) -> None:
        sent = keyed(bad)
        for path, body in (("/folders", {"name": server.unique("never")}), ("/self/revoke", None)):
            token, _ = server.token(*ALL)
            answer = server.call("POST", V1 + path, body, token=token, headers=sent)
            assert problem(answer) == (400, "invalid_request")
            assert [each["field"] for each in answer.json()["errors"]] == ["Idempotency-Key"]
            if len(bad) > 2:
                assert bad not in answer.body.decode()

    def test_two_of_them_are_refused(self, server: Server) -> None:
        answer = _send_two_keys(server)
        assert problem(answer) == (400, "invalid_request")

    def test_a_stranger_hears_nothing_of_it(self, server: Server) -> None:
        answer = server.call("POST", f"{V1}/self/revoke", token=None, headers=keyed("a b"))
        assert problem(answer) == (401, "missing_credential")

    def test_what_only_reads_takes_no_notice_of_it(self, server: Server, account: str) -> None:
        path = f"{V1}/accounts/{account}/secret"
        for key in ("reads", "reads", "not a key"):
            answer = server.call("GET", path, headers=keyed(key))
            assert (answer.status, was_repeated(answer)) == (200, False)
        assert ok(write(server, account, "reads", "v"))["version"] == 2


def _send_two_keys(server: Server) -> Answer:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with closing(HTTPConnection(host, int(port), timeout=30)) as connection:
        connection.putrequest("POST", f"{V1}/self/revoke")
        connection.putheader("Authorization", f"Bearer {server.admin_token}")
        connection.putheader("Idempotency-Key", "one")
        connection.putheader("Idempotency-Key", "two")
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
