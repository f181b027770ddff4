"""Attempts to take over, to outlive, to lock out and to forge: each was once possible, none is."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from keystead.audit.chain import genesis
from tests.clocked import running_clocked
from tests.doors.cast import V1, in_future, member, ok, problem
from tests.running import KEYSTEAD, Answer, Server, start


def _issue(server: Server, token: str, **wanted: object) -> Answer:
    body = {"kind": "api_token", "name": server.unique("issued"), **wanted}
    return server.call("POST", f"{V1}/credentials", body, token=token)


def test_a_bounded_token_makes_none_that_outlives_it_or_reaches_further(server: Server) -> None:
    soon, later = in_future(minutes=5), in_future(hours=5)
    token, _ = server.token(
        "credentials:create", expires_at=soon, networks=["127.0.0.1", "10.0.0.0/8"]
    )
    scopes = ["credentials:create"]
    for wanted in (
        {"expires_at": None, "networks": ["127.0.0.1"]},
        {"expires_at": later, "networks": ["127.0.0.1"]},
        {"expires_at": soon, "networks": []},
        {"expires_at": soon, "networks": ["10.0.0.0/7"]},
        {"expires_at": soon, "networks": ["127.0.0.1", "127.0.0.2"]},
    ):
        refused = _issue(server, token, scopes=scopes, **wanted)
        assert problem(refused) == (403, "insufficient_scope"), wanted
    within = _issue(server, token, scopes=scopes, expires_at=soon, networks=["10.1.0.0/16"])
    assert within.status == 201


def test_a_bounded_token_frees_neither_itself_nor_another(server: Server) -> None:
    bounds = {"expires_at": in_future(minutes=5), "networks": ["127.0.0.1"]}
    scopes = ("credentials:edit", "credentials:rotate")
    token, itself = server.token(*scopes, **bounds)
    _, other = server.token(*scopes, **bounds)
    for record in (itself, other):
        path = f"{V1}/credentials/{record['id']}"
        widenings: tuple[dict[str, object], ...] = (
            {"expires_at": None},
            {"networks": []},
            {"expires_at": in_future(days=1)},
        )
        for wider in widenings:
            refused = server.call("PATCH", path, wider, token=token)
            assert problem(refused) == (403, "insufficient_scope"), wider
        rotated = server.call("POST", f"{path}/rotate", {"expires_at": None}, token=token)
        assert problem(rotated) == (403, "insufficient_scope")
        ok(server.call("PATCH", path, {"description": "still mine"}, token=token))


def test_a_bounded_token_makes_no_more_of_one_that_outlives_it_or_reaches_further(
    server: Server,
) -> None:
    soon, scopes = in_future(minutes=5), ("credentials:edit", "credentials:revoke", "secrets:read")
    bounds: tuple[dict[str, object], ...] = ({"expires_at": soon}, {"networks": ["127.0.0.1"]})
    for bound in bounds:
        token, _ = server.token(*scopes, **bound)
        _, free = server.token("credentials:edit", not_before=in_future(days=1))
        path = f"{V1}/credentials/{free['id']}"
        wider: tuple[dict[str, object], ...] = (
            {"scopes": ["credentials:edit", "secrets:read"]},
            {"not_before": None},
            {"not_before": in_future(minutes=1)},
        )
        for change in wider:
            refused = server.call("PATCH", path, change, token=token)
            assert problem(refused) == (403, "insufficient_scope"), change
        same = {"scopes": ["credentials:edit"], "description": "as it was"}
        ok(server.call("PATCH", path, same, token=token))
        ok(server.call("PATCH", path, {**same, "not_before": in_future(days=2)}, token=token))
        ok(server.call("POST", f"{path}/disable", token=token))
        revived = server.call("POST", f"{path}/enable", token=token)
        assert problem(revived) == (403, "insufficient_scope")
        _, bound_too = server.token("credentials:edit", expires_at=soon, networks=["127.0.0.1"])
        path = f"{V1}/credentials/{bound_too['id']}"
        ok(server.call("PATCH", path, {"scopes": ["secrets:read"]}, token=token))
        ok(server.call("POST", f"{path}/disable", token=token))
        ok(server.call("POST", f"{path}/enable", token=token))


def test_a_secret_that_is_being_replaced_does_not_take_over_what_replaces_it(
    server: Server,
) -> None:
    old, record = server.token("self:rotate", "credentials:rotate")
    path = f"{V1}/credentials/{record['id']}/rotate"
    new = ok(server.call("POST", path, {"overlap_seconds": 600}))["secret"]
    for way in (f"{V1}/self/rotate", path):
        assert problem(server.call("POST", way, token=old)) == (409, "wrong_state")
    assert server.call("GET", f"{V1}/whoami", token=new).status == 200
    assert server.call("POST", f"{V1}/self/rotate", token=new).status == 200


def test_a_sub_folders_manager_does_not_take_it_from_those_above(server: Server) -> None:
    owner_id, token = member(server, "manager")
    top = server.folder()
    sub = server.folder(parent_id=top["id"], grants=[{"owner_id": owner_id, "right": "manager"}])
    own = server.call("POST", f"{V1}/folders", {"name": server.unique("own")}, token=token).json()
    path = f"{V1}/folders/{sub['id']}"
    for away in (own["id"], None):
        assert problem(server.call("PATCH", path, {"parent_id": away}, token=token)) == (
            404,
            "not_found",
        )
    ok(server.call("PATCH", path, {"name": server.unique("renamed")}, token=token))


def test_the_audit_says_who_was_granted_what_and_where_a_thing_was_moved(server: Server) -> None:
    owner_id, _ = member(server, "user")
    there, folder = server.folder(), server.folder()
    account = server.account(folder["id"])
    path = f"{V1}/folders/{folder['id']}"
    admin = folder["grants"][0]
    ok(server.call("PATCH", path, {"grants": [admin, {"owner_id": owner_id, "right": "user"}]}))
    ok(server.call("PATCH", path, {"grants": [admin], "parent_id": there["id"]}))
    ok(server.call("PATCH", f"{V1}/accounts/{account['id']}", {"folder_id": there["id"]}))
    events = ok(server.call("GET", f"{V1}/audit/events?object={folder['id']}"))["items"]
    given, taken = (event["facts"] for event in events[-2:])
    assert given["granted"] == f"{owner_id}:user"
    assert (taken["ungranted"], taken["from"], taken["to"]) == (
        f"{owner_id}:user",
        "top",
        there["id"],
    )
    moved = ok(server.call("GET", f"{V1}/audit/events?object={account['id']}"))["items"][-1][
        "facts"
    ]
    assert (moved["from"], moved["to"]) == (folder["id"], there["id"])


@pytest.mark.parametrize("processes", ["server", "workers"])
def test_two_moves_at_once_close_no_circle(request: pytest.FixtureRequest, processes: str) -> None:
    server: Server = request.getfixturevalue(processes)
    for _ in range(10):
        one, other = server.folder(), server.folder()
        answers: list[int] = []

        def move(what: str, where: str, answers: list[int] = answers) -> None:
            path = f"{V1}/folders/{what}"
            answers.append(server.call("PATCH", path, {"parent_id": where}).status)

        moves = [
            threading.Thread(target=move, args=(one["id"], other["id"])),
            threading.Thread(target=move, args=(other["id"], one["id"])),
        ]
        for each in moves:
            each.start()
        for each in moves:
            each.join()
        assert sorted(answers) == [200, 409]
    assert server.call("GET", f"{V1}/folders").status == 200


def test_a_server_does_not_sign_a_forged_chain(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_clocked(data) as server:
        server.folder()
        # Whoever can write the database, but has no key, tells another story of entry 1 and cuts the end.
        database = sqlite3.connect(data / "keystead.db", isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        database.execute("DELETE FROM audit_entries WHERE n = (SELECT max(n) FROM audit_entries)")
        digest = genesis(0).digest
        for n, entry in database.execute(
            "SELECT n, entry FROM audit_entries ORDER BY n"
        ).fetchall():
            told = entry.replace(b"owner.create", b"owner.delete") if n == 1 else entry
            digest = sha256(digest + told).digest()
            database.execute(
                "UPDATE audit_entries SET entry = ?, digest = ? WHERE n = ?", (told, digest, n)
            )
        database.execute(
            "UPDATE audit_heads SET digest = ?, n = (SELECT max(n) FROM audit_entries)", (digest,)
        )
        database.execute("COMMIT")
        database.close()
        refused = server.call("POST", f"{V1}/folders", {"name": "after"})
        assert problem(refused) == (503, "audit_broken")
        assert refused.headers["retry-after"]
    done = subprocess.run(
        [KEYSTEAD, "audit", "verify", "--data", str(data)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 8, done.stdout
    doctor = subprocess.run(
        [KEYSTEAD, "doctor", "--data", str(data)], capture_output=True, check=False
    )
    assert doctor.returncode == 9


def test_a_circle_made_by_hand_neither_stops_the_server_nor_escapes_the_doctor(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with running_clocked(data) as before:
        one, other = before.folder(), before.folder()
    database = sqlite3.connect(data / "keystead.db", isolation_level=None)
    for child, parent in ((one["id"], other["id"]), (other["id"], one["id"])):
        database.execute("UPDATE folders SET parent_id = ? WHERE id = ?", (parent, child))
    database.close()
    admin = {"admin_token": before.admin_token, "admin_password": before.admin_password}
    server = start(data, admin)
    try:
        assert server.call("GET", f"{V1}/whoami").status == 200
        assert server.call("GET", f"{V1}/folders").status == 200
    finally:
        server.stop()
    done = subprocess.run(
        [KEYSTEAD, "doctor", "--data", str(data)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 9
    assert "hang from no top" in done.stdout
