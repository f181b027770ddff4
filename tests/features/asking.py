"""What the tests of the features share."""

from typing import Any
from urllib.parse import quote

from tests.running import Answer, Server


def wanted(server: Server, *scopes: str, **more: object) -> dict[str, object]:
    """The body that asks for a token which never expires and may read secrets, or as said."""
    return {
        "kind": "api_token",
        "name": server.unique("wanted"),
        "scopes": list(scopes) or ["secrets:read"],
        "expires_at": None,
        **more,
    }


def place(server: Server) -> tuple[dict[str, Any], str]:
    """An account with the password `pass-word`, and the URL path of its secret."""
    folder = server.folder()
    account = server.account(folder["id"])
    return account, f"/api/v1/secrets/{quote(folder['name'])}/{quote(account['name'])}"


def password_at(server: Server, path: str, token: str) -> str:
    answer = server.call("GET", path, token=token)
    assert answer.status == 200, answer.body
    return str(answer.json()["fields"]["password"])


def field_errors(answer: Answer) -> set[str]:
    """The fields that a refused request is told are wrong."""
    assert (answer.status, answer.code) == (400, "invalid_request"), answer.body
    return {error["field"] for error in answer.json()["errors"]}


def list_of(server: Server, path: str) -> dict[str, dict[str, Any]]:
    """Every item of a list by its id, from all pages."""
    found: dict[str, dict[str, Any]] = {}
    token: str | None = ""
    while token is not None:
        after = f"&page_token={token}" if token else ""
        answer = server.call("GET", f"{path}?page_size=200{after}").json()
        found |= {item["id"]: item for item in answer["items"]}
        token = answer["next_page_token"]
    return found
