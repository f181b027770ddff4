"""An answer that is kept to be given again: to whom it is not told, and what opens it for nobody."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Final

import pytest

from tests.doors.cast import ALL, V1, application, member, ok, problem
from tests.doors.repeating import entries, keyed, new_key, token_body, was_repeated, write
from tests.running import Answer, Server, running

MOVED: Final = """
sealed = (SELECT sealed FROM kept_answers AS other
          WHERE other.request_key = 'yours' AND other.credential_id = kept_answers.credential_id)
"""


@pytest.fixture
def account(server: Server) -> str:
    return str(server.account(server.folder()["id"])["id"])


class TestRights:
    """Whoever may not do it now is not told what was answered then."""

    def test_a_revoked_token_is_refused(self, server: Server, account: str) -> None:
        token, record = server.token("secrets:write")
        ok(write(server, account, "k", "v", token))
        ok(server.call("POST", f"{V1}/credentials/{record['id']}/revoke"))
        assert problem(write(server, account, "k", "v", token)) == (401, "credential_revoked")

    def test_a_lost_scope_is_lost(self, server: Server, account: str) -> None:
        token, record = server.token("secrets:write", "folders:list")
        ok(write(server, account, "k", "v", token))
        path = f"{V1}/credentials/{record['id']}"
        ok(server.call("PATCH", path, {"scopes": ["folders:list"]}))
        assert problem(write(server, account, "k", "v", token)) == (403, "insufficient_scope")

    def test_a_lost_right_to_the_folder_is_lost(self, server: Server) -> None:
        owner, token = member(server, "manager")
        folder = server.folder(grants=[{"owner_id": owner, "right": "manager"}])
        body = {"folder_id": folder["id"], "name": "a", "fields": {"password": "v"}}
        first = server.call("POST", f"{V1}/accounts", body, token=token, headers=keyed("k"))
        assert first.status == 201
        again = server.call("POST", f"{V1}/accounts", body, token=token, headers=keyed("k"))
        assert again.body == first.body
        ok(server.call("PATCH", f"{V1}/folders/{folder['id']}", {"grants": []}))
        lost = server.call("POST", f"{V1}/accounts", body, token=token, headers=keyed("k"))
        assert problem(lost) == (403, "insufficient_scope")
        assert "pass" not in lost.json()["detail"]
        refusal = entries(server, owner=owner, decision="refused")[-1]
        assert (refusal["verb"], refusal["rule"]) == ("account.create", "right changed since")

    def test_a_secret_is_not_told_to_a_manager_who_is_none_any_more(self, server: Server) -> None:
        _, token = member(server, "manager")
        wanted = {"kind": "application", "name": server.unique("program")}
        program = ok(server.call("POST", f"{V1}/owners", wanted, token=token), 201)
        body = token_body(server, owner_id=program["id"])
        first = server.call("POST", f"{V1}/credentials", body, token=token, headers=keyed("k"))
        secret = ok(first, 201)["secret"]
        admin = ok(server.call("GET", f"{V1}/whoami"))["owner"]["id"]
        ok(server.call("PATCH", f"{V1}/owners/{program['id']}", {"managed_by": admin}))
        lost = server.call("POST", f"{V1}/credentials", body, token=token, headers=keyed("k"))
        assert problem(lost) == (403, "insufficient_scope")
        assert secret not in lost.body.decode()

    def test_a_secret_is_not_told_to_an_administrator_who_is_none_any_more(
        self, server: Server
    ) -> None:
        owner, token = member(server, "administrator")
        program = application(server)
        body = token_body(server, owner_id=program["id"])
        first = server.call("POST", f"{V1}/credentials", body, token=token, headers=keyed("k"))
        secret = ok(first, 201)["secret"]
        ok(server.call("PATCH", f"{V1}/owners/{owner}", {"roles": ["manager"]}))
        lost = server.call("POST", f"{V1}/credentials", body, token=token, headers=keyed("k"))
        assert problem(lost) == (403, "insufficient_scope")
        assert secret not in lost.body.decode()

    @pytest.mark.parametrize(
        "narrower", [{"networks": ["127.0.0.0/8"]}, {"scopes": ["credentials:create"]}]
    )
    def test_a_narrowed_token_is_not_told_a_secret_wider_than_itself(
        self, server: Server, narrower: dict[str, Any]
    ) -> None:
        token, record = server.token("credentials:create", "folders:list")
        body = token_body(server)
        first = server.call("POST", f"{V1}/credentials", body, token=token, headers=keyed("k"))
        secret = ok(first, 201)["secret"]
        ok(server.call("PATCH", f"{V1}/credentials/{record['id']}", narrower))
        lost = server.call("POST", f"{V1}/credentials", body, token=token, headers=keyed("k"))
        assert problem(lost) == (403, "insufficient_scope")
        assert secret not in lost.body.decode()

    def test_what_an_act_itself_adds_or_ends_is_no_change_of_rights(self, server: Server) -> None:
        _, token = member(server, "manager")

        def twice(method: str, path: str, body: object = None) -> Answer:
            key = keyed(new_key(server))
            first, again = (
                server.call(method, V1 + path, body, token=token, headers=key) for _ in range(2)
            )
            assert was_repeated(again), again.body
            assert (again.status, again.body) == (first.status, first.body)
            return again

        folder = twice("POST", "/folders", {"name": server.unique("folder")}).json()
        program = twice(
            "POST", "/owners", {"kind": "application", "name": server.unique("program")}
        ).json()
        twice("POST", "/credentials", token_body(server, owner_id=program["id"]))
        twice("DELETE", f"/folders/{folder['id']}")


class TestTheRow:
    """What somebody who writes the database makes of it."""

    @pytest.fixture
    def row(self, server: Server) -> Iterator[Callable[[str], Answer]]:
        token, record = server.token(*ALL)
        bodies = {key: token_body(server) for key in ("mine", "yours")}

        def ask(key: str) -> Answer:
            path = f"{V1}/credentials"
            return server.call("POST", path, bodies[key], token=token, headers=keyed(key))

        self.of = record["id"]
        for key in bodies:
            assert ask(key).status == 201
        yield ask
        self.sql(server, "DELETE FROM kept_answers WHERE credential_id = ?", self.of)

    def sql(self, server: Server, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(server.data / "keystead.db")) as database:
            assert database.execute(statement, values).rowcount
            database.commit()

    @pytest.mark.parametrize("edit", [MOVED, "expires_at = expires_at + 1", "sealed = x''"])
    def test_altered_opens_nothing_and_is_entered(
        self, server: Server, row: Callable[[str], Answer], edit: str
    ) -> None:
        which = "credential_id = ? AND request_key = 'mine'"
        self.sql(server, f"UPDATE kept_answers SET {edit} WHERE {which}", self.of)
        answer = row("mine")
        assert problem(answer) == (500, "internal_error")
        refusal = entries(server, credential=self.of, decision="refused")[-1]
        assert refusal["rule"] == "sealed value altered or moved"
        assert was_repeated(row("yours")), "the other one stands"


def test_no_entry_no_secret(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("full") / "data") as server:
        body = token_body(server)

        def ask() -> Answer:
            return server.call("POST", f"{V1}/credentials", body, headers=keyed("k"))

        first = ask()
        before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            assert problem(ask()) == (503, "audit_full")
        finally:
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
        again = ask()
        assert (again.body, was_repeated(again)) == (first.body, True)
        assert ok(server.call("GET", f"{V1}/audit/verify"))["intact"] is True
