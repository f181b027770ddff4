"""Every command of the command line once, with `--json`, in the order of a story; and watched as it asks."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from keystead.cli.app import run
from keystead_client import Client
from tests.assertions import client_pair, set_of
from tests.doors.importing import item, old_token
from tests.running import Server

__all__ = ["ELSEWHERE", "STORY", "Told", "shape"]

ELSEWHERE: Final = {
    "keystead serve": "goes on until it is stopped: tests/cli/test_listener.py",
    "keystead join": "needs PostgreSQL: tests/store/test_postgres_join.py",
    "keystead migrate-store": "needs PostgreSQL: tests/store/test_move.py",
}

STORY: Final = """
init --data other
doctor --data other
master-key new
master-key rotate --data other
keyring list --data other
keyring rotate seal --data other
keyring reseal --data other
audit checkpoint --data other
audit verify --data other

whoami
summary
settings show
settings edit --max-networks 11
signing-key list
signing-key rotate ES256
owner create billing --kind application --role user
owner list
owner show billing
owner edit billing --name accounting
owner roles
group create operators
group list
group show ID
group edit operators --add-member accounting
group delete operators --yes
folder create ops
folder list
folder show ID
folder edit ops --grant accounting=viewer
account create ops/db --generate
account list
account show ID
account edit ops/db --notes one
account set ops/db --generate
account versions ops/db
get ops/db
get ID
account delete ops/db --yes
folder delete ops --yes
api sample list
api sample show scanner
api create --sample scanner --identifier https://scanner.example
api list
api show https://scanner.example
api export https://scanner.example
api edit https://scanner.example --name Scans
api delete https://scanner.example --yes
token create job --expires 1d --scope self:rotate
token list
token show job
token usage job --per minute
token edit job --description nightly
token rotate job
token disable job
token enable job
token revoke job --yes
token delete job --yes
token import imported.json
key create job --expires 1d --scope folders:list
key list
key show job
key usage job
key edit job --description nightly
key rotate job
key refresh job --yes
key disable job
key enable job
key revoke job --yes
key delete job --yes
client create job --expires 1d --scope folders:list
client list
client show job
client usage job
client edit job --description nightly
client rotate job --public-keys keys.json
client keys job
client disable job
client enable job
client revoke job --yes
client delete job --yes
verify
audit list
audit verify
audit export
self password --current @old --new @new
self rotate
self revoke --yes
""".strip().splitlines()
"""ID is that of what was made or changed last; at the end the token ends that the story is told with."""


class Told:
    """The story, told once at a server of its own.

    Attributes:
        printed: what each command printed.
        asked: which routes were asked for, by each command.
    """

    def __init__(self, server: Server, home: Path) -> None:
        self.printed: dict[str, str] = {}
        self.asked: dict[str, set[str]] = {}
        self._token = server.admin_token
        self._id = ""
        self._asked: set[str] = set()
        (home / "old").write_text(server.admin_password)
        (home / "new").write_text("seven calm lakes")
        (home / "imported.json").write_text(json.dumps([item(server, old_token())]))
        (home / "keys.json").write_text(json.dumps(set_of(client_pair("ES256", "first"))))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(home)
            patch.setenv("KEYSTEAD_URL", server.url)
            for name in ("KEYSTEAD_TOKEN_FILE", "KEYSTEAD_CA_FILE"):
                patch.delenv(name, raising=False)
            self._watch(patch)
            for line in filter(None, STORY):
                self._tell(patch, line)

    def _tell(self, patch: pytest.MonkeyPatch, line: str) -> None:
        self._asked = set()
        out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
        with patch.context() as given:
            given.setenv("KEYSTEAD_TOKEN", self._token)
            given.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(self._token.encode())))
            given.setattr(sys, "stdout", out)
            given.setattr(sys, "stderr", err)
            code = run([*shlex.split(line.replace("ID", self._id)), "--json"])
            out.flush()
        printed = out.buffer.getvalue().decode()
        assert (code, err.getvalue()) == (0, ""), (line, printed, err.getvalue())
        self.printed[line] = printed
        self.asked[line] = self._asked
        if line != "audit export":
            document = json.loads(printed)
            self._id = document.get("id", self._id)
            if line == "self rotate":
                self._token = document["secret"]

    def _watch(self, patch: pytest.MonkeyPatch) -> None:
        through: Any = Client._exchange

        def exchange(client: Client, request: Any, write: Any) -> Any:  # noqa: ANN401  # as it is
            self._asked.add(shape(request.method, urlsplit(request.url).path))
            return through(client, request, write)

        patch.setattr(Client, "_exchange", exchange)


def shape(method: str, path: str) -> str:
    """Write a path as the routes have it, whatever stands in it."""
    path = re.sub(r"(?<=/v1/secrets/).+", "{path:path}", path)
    return f"{method} " + re.sub(r"/(?:[a-z]{3,4}_[0-9A-Za-z]{12}|x)(?=/|$)", "/{id}", path)
