"""What a person at a terminal sees and is asked: the command line on a pseudo-terminal."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence

import pytest

from tests.client.peer import CREDENTIAL, TOKEN, Peer, reply
from tests.running import KEYSTEAD

LIST = "GET /api/v1/credentials?kind=api_token&page_size=50"


def at_a_terminal(
    peer: Peer, *arguments: str, typed: Sequence[tuple[str, str]] = (), **environ: str
) -> tuple[int, str]:
    """Run a command on a terminal, and type each answer when its question is there."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [KEYSTEAD, *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        env={
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "COLUMNS": "160",
            "KEYSTEAD_URL": peer.url,
            "KEYSTEAD_TOKEN": TOKEN,
            **environ,
        },
    )
    os.close(follower)
    said, asked_at, waiting = "", 0, list(typed)
    deadline = time.monotonic() + 30
    try:
        while time.monotonic() < deadline:
            if not select.select([leader], [], [], 0.1)[0]:
                continue
            try:
                chunk = os.read(leader, 4096)
            except OSError:  # Linux says EIO when the other side is closed
                break
            if not chunk:
                break
            said += chunk.decode()
            if waiting and waiting[0][0] in said[asked_at:]:
                asked_at = len(said)
                os.write(leader, waiting.pop(0)[1].encode())
        return process.wait(10), said.replace("\r\n", "\n")
    finally:
        os.close(leader)
        if process.poll() is None:
            process.kill()
            process.wait()


def items(*found: object) -> dict[str, object]:
    return {"items": list(found), "next_page_token": None}


def test_a_table_is_coloured_unless_that_is_not_wanted(peer: Peer) -> None:
    peer.on(LIST, reply(items({**CREDENTIAL, "name": "[red]x[/red]\x1b[2J"})))
    code, said = at_a_terminal(peer, "token", "list")
    assert code == 0
    assert "\x1b[32mactive\x1b[0m" in said
    assert "[red]x[/red]�[2J" in said
    code, said = at_a_terminal(peer, "token", "list", NO_COLOR="1")
    assert code == 0
    assert "\x1b[32m" not in said


def test_in_a_narrow_table_an_id_stays_whole_and_nothing_is_cut(peer: Peer) -> None:
    long = {**CREDENTIAL, "name": "a name of many words " * 3, "last_used": None}
    peer.on(LIST, reply(items(long)))
    code, said = at_a_terminal(peer, "token", "list", COLUMNS="80", TERM="dumb")
    assert code == 0
    assert "cred_000000000001 " in said
    assert "2027-01-31 " in said
    assert max(map(len, said.splitlines())) <= 80
    # Without room for the rest even an id is folded.
    code, said = at_a_terminal(peer, "token", "list", COLUMNS="40", TERM="dumb")
    assert code == 0
    lines = said.splitlines()
    name_begins = next(line.index("NAME") for line in lines if "NAME" in line)
    assert "".join(line[:name_begins].strip() for line in lines).endswith("cred_000000000001")


@pytest.mark.parametrize(("answer", "code", "asked"), [("y\n", 0, 1), ("n\n", 130, 0)])
def test_revoking_asks_first(peer: Peer, answer: str, code: int, asked: int) -> None:
    peer.on("POST /api/v1/credentials/cred_000000000001/revoke", reply(CREDENTIAL))
    line = ("token", "revoke", "cred_000000000001")
    ended, said = at_a_terminal(peer, *line, typed=[("[y/N]: ", answer)])
    assert (ended, len(peer.asked)) == (code, asked), said


def test_a_password_is_asked_for_twice_and_not_shown(peer: Peer) -> None:
    folder: dict[str, object] = {
        "id": "fold_000000000001",
        "name": "ops",
        "path": "ops",
        "parent_id": None,
        "grants": [],
        "created_at": "2026-11-22T03:00:00Z",
    }
    account = {
        "id": "acct_000000000001",
        "folder_id": folder["id"],
        "path": "ops/orders",
        "name": "orders",
        "version": 1,
        "field_names": ["password"],
        "created_at": "2026-11-22T03:00:00Z",
    }
    peer.on("GET /api/v1/folders?path=ops", reply(items(folder)))
    peer.on("POST /api/v1/accounts", reply(account, 201))
    # The blank comes once the echo is off; what is typed before that is thrown away.
    typed = [("password: ", "hunter2\n"), ("confirmation: ", "hunter2\n")]
    code, said = at_a_terminal(peer, "account", "create", "ops/orders", typed=typed)
    assert code == 0, said
    assert "hunter2" not in said
    assert peer.asked[-1].json() == {
        "folder_id": folder["id"],
        "name": "orders",
        "fields": {"password": "hunter2"},
    }


def test_leaving_a_question_with_control_d_ends_with_130(peer: Peer) -> None:
    line = ("token", "delete", "cred_000000000001")
    code, said = at_a_terminal(peer, *line, typed=[("[y/N]: ", "\x04")])
    assert (code, peer.asked) == (130, []), said
