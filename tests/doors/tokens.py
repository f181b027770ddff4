"""What the stories of tokens ask for again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doors.cast import V1, ok, problem

if TYPE_CHECKING:
    from tests.running import Answer, Served

__all__ = ["CREDENTIALS", "WHOAMI", "create", "lives", "record_of", "wrong"]

WHOAMI = f"{V1}/whoami"
CREDENTIALS = f"{V1}/credentials"


def create(server: Served, **more: object) -> Answer:
    """Ask for a token; a field that is `...` is left out."""
    wanted = {
        "kind": "api_token",
        "name": server.unique("token"),
        "scopes": ["folders:list"],
        "expires_at": None,
        **more,
    }
    return server.call("POST", CREDENTIALS, {k: v for k, v in wanted.items() if v is not ...})


def record_of(server: Served, id_: str) -> dict[str, Any]:
    """Read a token's record."""
    return dict(ok(server.call("GET", f"{CREDENTIALS}/{id_}")))


def lives(server: Served, *tokens: str) -> list[bool]:
    """Say of each token whether it is accepted."""
    return [server.call("GET", WHOAMI, token=token).status == 200 for token in tokens]


def wrong(answer: Answer) -> dict[str, str]:
    """Return the wrong fields of a refused request, with what is said of each."""
    assert problem(answer) == (400, "invalid_request")
    return {error["field"]: error["message"] for error in answer.json()["errors"]}
