"""The first journey: a script stops carrying its database password.

Real parts throughout: a PostgreSQL role whose password Keystead's CLI generated, a token that may read
secrets from this machine for an hour, and a script that knows nothing but the token and the URL.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import asyncpg
import pytest

from tests.running import KEYSTEAD, Server

POSTGRES = os.environ.get("KEYSTEAD_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")

# What stands in the team's repository: no password, no user name, no library of Keystead's.
SCRIPT = """
import asyncio, json, os, urllib.request
import asyncpg

async def report():
    request = urllib.request.Request(
        os.environ["KEYSTEAD_URL"] + "/api/v1/secrets/" + os.environ["ACCOUNT"],
        headers={"Authorization": "Bearer " + os.environ["KEYSTEAD_TOKEN"]},
    )
    with urllib.request.urlopen(request) as answer:
        login = json.load(answer)
    database = await asyncpg.connect(
        os.environ["DATABASE"], user=login["username"], password=login["fields"]["password"]
    )
    try:
        return await database.fetchval("SELECT current_user || ' sees ' || 6 * 7")
    finally:
        await database.close()

print(asyncio.run(report()))
"""


# `make services` has PostgreSQL ask the members of this role for their passwords.
BY_PASSWORD = "keystead_by_password"


async def _run(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRES, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _log_in(user: str, password: str) -> None:
    connection = await asyncpg.connect(POSTGRES, user=user, password=password, timeout=5)
    await connection.close()


@pytest.fixture
def role() -> Iterator[str]:
    """A role on the real PostgreSQL that cannot log in yet."""
    name = f"keystead_journey_{secrets.token_hex(4)}"
    try:
        asyncio.run(_run(f'CREATE ROLE "{name}" NOLOGIN IN ROLE {BY_PASSWORD}'))
    except (OSError, asyncpg.PostgresError) as error:
        pytest.skip(f"no PostgreSQL as `make services` prepares it: {error}")
    yield name
    asyncio.run(_run(f'DROP ROLE "{name}"'))


def _cli(server: Server, *words: str) -> str:
    environment = {**os.environ, "KEYSTEAD_URL": server.url, "KEYSTEAD_TOKEN": server.admin_token}
    done = subprocess.run(
        [KEYSTEAD, *words], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_script_logs_into_a_database_with_a_password_it_never_held(
    server: Server, role: str
) -> None:
    folder = server.unique("journey")
    path = f"{folder}/{role}"

    # The administrator lets Keystead make the password, and gives it to the database once.
    _cli(server, "folder", "create", folder)
    _cli(server, "account", "create", path, "--username", role, "--generate")
    password = _cli(server, "get", path, "--field", "password")
    assert len(password) >= 20
    asyncio.run(_run(f"ALTER ROLE \"{role}\" LOGIN PASSWORD '{password}'"))

    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(_log_in(role, password[:-1]))

    # The script gets a token for this, and for nothing else.
    token = _cli(
        server, "token", "create", server.unique("report"), "--scope", "secrets:read",
        "--network", "127.0.0.1", "--expires", "1h", "--quiet",
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={
            "KEYSTEAD_URL": server.url,
            "KEYSTEAD_TOKEN": token,
            "ACCOUNT": quote(path),
            "DATABASE": POSTGRES,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"{role} sees 42"

    # Neither the script nor its environment held the password, and the audit tells of the fetch.
    assert password not in SCRIPT + token
    whole = server.call("GET", "/api/v1/audit/events?verb=secret.read&page_size=200").json()[
        "items"
    ]
    fetched = [e for e in whole if e["object"] and e["object"]["name"] == path]
    assert [e["decision"] for e in fetched] == ["allowed", "allowed"]
    assert password not in json.dumps(whole)

    # The token does no more than it was given.
    refused = server.call("GET", "/api/v1/accounts", token=token)
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    elsewhere = server.call(
        "GET", f"/api/v1/secrets/{quote(path)}", token=token, source="127.0.0.2"
    )
    assert (elsewhere.status, elsewhere.code) == (403, "network_denied")
