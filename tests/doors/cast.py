"""Who plays in the stories of the doors: owners, and credentials in every state."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from keystead.crypto.token_format import mint, new_id12
from keystead.policy.permissions import Permission
from tests.running import Answer, Served

__all__ = [
    "ALL",
    "V1",
    "application",
    "end_of",
    "in_future",
    "managed",
    "member",
    "ok",
    "path_of",
    "problem",
    "told",
    "unknown_token",
    "until",
    "user",
]

V1 = "/api/v1"
ALL = tuple(str(permission) for permission in Permission)


def ok(answer: Answer, status: int = 200) -> Any:  # noqa: ANN401  # whatever was answered
    """Return what was answered, which must have been a success."""
    assert answer.status == status, (answer.status, answer.body)
    return answer.json() if answer.body else None


def problem(answer: Answer) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.body
    return answer.status, answer.code


def told(answer: Answer) -> tuple[int, bytes]:
    """Return all that a refusal tells, which is everything but the request's own id."""
    request_id = answer.json()["request_id"].encode()
    return answer.status, answer.body.replace(request_id, b"")


def in_future(**span: float) -> str:
    """Return the instant so far from now, as it is written on the wire."""
    return end_of(datetime.now(UTC) + timedelta(**span))


def end_of(at: datetime) -> str:
    """Return an instant as it is written on the wire."""
    return at.isoformat().replace("+00:00", "Z")


def until(true: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for what a server does by itself, a little later."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def unknown_token() -> str:
    """Return a well-formed token that no installation has issued."""
    return mint("t", new_id12()).reveal()


def application(server: Served, *roles: str, **more: object) -> dict[str, Any]:
    """Add an application of the administrator's, with these roles."""
    wanted = {
        "kind": "application",
        "name": server.unique("application"),
        "roles": list(roles),
        **more,
    }
    return dict(ok(server.call("POST", f"{V1}/owners", wanted), 201))


def managed(server: Served, token: str) -> str:
    """Add an application of a manager's, without a role; return its id."""
    wanted = {"kind": "application", "name": server.unique("managed")}
    return str(ok(server.call("POST", f"{V1}/owners", wanted, token=token), 201)["id"])


def user(server: Served, *roles: str) -> dict[str, Any]:
    """Add a user, with these roles."""
    name = server.unique("user")
    wanted = {"kind": "user", "name": name, "login": name, "roles": list(roles)}
    return dict(ok(server.call("POST", f"{V1}/owners", wanted), 201))


def member(server: Served, *roles: str, scopes: tuple[str, ...] = ALL) -> tuple[str, str]:
    """Add an application with these roles; return its id and a token with these scopes."""
    owner = application(server, *roles)
    token, _ = server.token(*scopes, owner_id=owner["id"])
    return owner["id"], token


def path_of(*names: str) -> str:
    """Return names as a path in a URL."""
    return "/".join(quote(name, safe="") for name in names)
