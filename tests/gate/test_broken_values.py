"""Law 5: a value or digest moved inside the database opens nothing, and does not go unseen."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from keystead.core.errors import Refused
from keystead.core.secret import Secret
from keystead.crypto.envelope import BrokenEnvelope
from keystead.gate.visit import Visit
from keystead.operations.vault.accounts import create_account
from keystead.operations.vault.secrets import fetch_secret, store_secret
from keystead.operations.whoami import whoami
from keystead.vault.account import AccountWish
from tests.gate.houses import Home, at_home
from tests.running import Server

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "another account's password"

MOVED = {
    "from another account": (
        "UPDATE account_versions SET sealed = (SELECT sealed FROM account_versions"
        " WHERE account_id = :other AND n = 1) WHERE account_id = :mine AND n = 2"
    ),
    "from an older version": (
        "UPDATE account_versions SET sealed = (SELECT sealed FROM account_versions"
        " WHERE account_id = :mine AND n = 1) WHERE account_id = :mine AND n = 2"
    ),
    "with the whole row": (
        "UPDATE account_versions SET account_id = :mine, n = 3 WHERE account_id = :other"
    ),
    "cut": "UPDATE account_versions SET sealed = substr(sealed, 1, 20)",
    "emptied": "UPDATE account_versions SET sealed = x''",
    "under a key that is not here": (
        "UPDATE account_versions SET sealed = CAST(x'0100000009' || substr(sealed, 6) AS BLOB)"
    ),
    "as a text": "UPDATE account_versions SET sealed = 'no bytes at all, but long enough to try'",
}


@pytest.mark.parametrize("statement", MOVED.values(), ids=MOVED)
def test_a_moved_value_opens_nothing_and_is_entered(tmp_path: Path, statement: str) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            other = await home.perform(
                create_account,
                AccountWish(name="other", folder_id=home.folder_id),
                {"password": Secret(CANARY)},
            )
            await home.perform(store_secret, home.account_id, {"password": Secret("new")}, None)
            sql(home.data, statement, mine=home.account_id, other=other.account.id)
            if ":mine, n = 3" in statement:
                sql(
                    home.data,
                    "UPDATE accounts SET version = 3 WHERE id = :mine",
                    mine=home.account_id,
                )

            with pytest.raises(BrokenEnvelope) as caught:
                await home.perform(fetch_secret, home.account_id)

            assert CANARY not in str(caught.value)
            entry = (await home.entries(verb="secret.read"))[-1]
            told = json.loads(entry.bytes)["event"]
            assert (told["decision"], told["code"]) == ("refused", "internal_error")
            assert told["rule"] == "sealed value altered or moved"
            assert told["object"]["id"] == home.account_id
            assert home.intact()
            assert await look(home) == "ok", "the house goes on"

    asyncio.run(run())


def test_a_moved_digest_opens_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, mine = await home.issue()
            _, other = await home.issue()
            sql(
                home.data,
                "DELETE FROM credential_secrets WHERE credential_id = :other",
                other=other.id,
            )
            sql(
                home.data,
                "UPDATE credential_secrets SET credential_id = :other WHERE credential_id = :mine",
                mine=mine.id, other=other.id,
            )  # fmt: skip
            with pytest.raises(Refused) as caught:
                await home.house.gate.perform(whoami, Visit(home.arrival(token)))
            assert caught.value.code == "invalid_credential"

    asyncio.run(run())


async def look(home: Home) -> str:
    await home.perform(whoami)
    return "ok"


def test_a_client_hears_of_a_fault_and_no_more(server: Server) -> None:
    folder = server.folder()
    account = server.account(folder["id"])
    other = server.account(folder["id"], fields={"password": CANARY})
    sql(
        server.data,
        "UPDATE account_versions SET sealed = (SELECT sealed FROM account_versions"
        " WHERE account_id = :other) WHERE account_id = :mine",
        mine=account["id"], other=other["id"],
    )  # fmt: skip
    answer = server.call("GET", f"/api/v1/accounts/{account['id']}/secret")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert answer.headers["cache-control"] == "no-store"
    assert CANARY not in answer.body.decode()
    entered = server.call("GET", "/api/v1/audit/events?verb=secret.read&decision=refused").json()
    assert entered["items"][-1]["request_id"] == answer.headers["keystead-request-id"]
    log = server.log.read_text()
    assert "BrokenEnvelope" in log
    assert CANARY not in log


def sql(data: Path, statement: str, **values: str) -> None:
    with closing(sqlite3.connect(data / "keystead.db")) as base:
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        base.execute(statement, used)
        base.commit()
