"""Acts on tokens: issue, revoke, and asking who one is."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from bench.figures import Figure
from bench.furnish import add_tokens
from bench.load import load
from tests.running import initialise, start

_JSON = {"Content-Type": "application/json"}
_TO_REVOKE = 60_000


def measure(data: Path) -> list[Figure]:
    admin = initialise(data)
    with sqlite3.connect(data / "keystead.db") as connection:
        owner = connection.execute("SELECT id FROM owners").fetchone()[0]
    connection.close()
    add_tokens(data, [owner], _TO_REVOKE)
    with sqlite3.connect(data / "keystead.db") as connection:
        rows = connection.execute(
            "SELECT id FROM credentials WHERE revoked_at IS NULL AND description <> ''"
        ).fetchall()
    connection.close()
    server = start(data, admin)
    try:
        token = server.admin_token
        wanted = {
            "kind": "api_token",
            "name": "issued @",
            "scopes": ["secrets:read"],
            "networks": ["10.0.0.0/8"],
            "expires_at": "2099-01-01T00:00:00Z",
        }
        issued = load(
            server,
            "/api/v1/credentials",
            token=token,
            method="POST",
            headers=_JSON,
            status=201,
            template=json.dumps(wanted),
        )
        paths = [f"/api/v1/credentials/{row[0]}/revoke" for row in rows]
        revoked = load(server, "/", token=token, method="POST", paths=paths)
        asked = load(server, "/api/v1/whoami", token=token)
        intact = server.call("GET", "/api/v1/audit/verify").json()["intact"]
    finally:
        server.stop()
    return [
        Figure("tokens issued, durable and entered", issued.shown, "all right", not issued.wrong),
        Figure(
            "tokens revoked, durable and entered", revoked.shown, "all right", not revoked.wrong
        ),
        Figure("whoami", asked.shown, "all right", not asked.wrong),
        Figure("the chain afterwards", "intact" if intact else "BROKEN", "intact", intact),
    ]
