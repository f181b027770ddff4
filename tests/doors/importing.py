"""What the stories of imported tokens share: tokens of another system, and how they are taken over."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.doors.cast import V1, ok

if TYPE_CHECKING:
    from tests.running import Answer, Served

__all__ = ["IMPORT", "ask", "digest_of", "imported", "item", "old_token"]

IMPORT = f"{V1}/import/legacy-digests"


def old_token() -> str:
    """Return a token as another system makes it."""
    return secrets.token_hex(20)


def digest_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def item(server: Served, token: str, **more: object) -> dict[str, Any]:
    """Return a token as it is imported; a field that is `...` is left out."""
    wanted = {
        "sha256": digest_of(token),
        "name": server.unique("old"),
        "expires_in": "90d",
        "scopes": ["folders:list"],
        **more,
    }
    return {k: v for k, v in wanted.items() if v is not ...}


def ask(server: Served, *items: object, **more: Any) -> Answer:  # noqa: ANN401
    """Ask for an import."""
    return server.call("POST", IMPORT, {"items": list(items)}, **more)


def imported(server: Served, **more: object) -> tuple[str, dict[str, Any]]:
    """Import one token; return its text and its record."""
    token = old_token()
    (record,) = ok(ask(server, item(server, token, **more)), 201)["items"]
    return token, record
