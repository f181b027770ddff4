"""What the stories of repeated requests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doors.cast import V1, ok

if TYPE_CHECKING:
    from tests.running import Answer, Served

__all__ = ["entries", "keyed", "new_key", "token_body", "was_repeated", "write"]


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def new_key(server: Served) -> str:
    return server.unique("k").replace(" ", "-")


def token_body(server: Served, **more: object) -> dict[str, Any]:
    name = server.unique("issued")
    wanted = {"kind": "api_token", "name": name, "expires_at": None, "scopes": ["folders:list"]}
    return {**wanted, **more}


def was_repeated(answer: Answer) -> bool:
    found = answer.headers.get("idempotency-replayed")
    assert found in {None, "true"}
    return found is not None


def entries(server: Served, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    found = ok(server.call("GET", f"{V1}/audit/events?page_size=200&{asked}"))
    return list(found["items"])


def write(server: Served, account: str, key: str, value: str, token: str = "") -> Answer:
    body = {"fields": {"password": value}}
    path = f"{V1}/accounts/{account}/secret"
    return server.call("PUT", path, body, token=token, headers=keyed(key))
