"""What the stories of APIs ask for again and again: an API of one's own, and access to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doors.cast import V1, ok

if TYPE_CHECKING:
    from tests.running import Answer, Served

__all__ = [
    "APIS",
    "KEYSTEAD",
    "access",
    "catalogue",
    "edit",
    "entry_of",
    "give",
    "given",
    "identifier",
    "register",
]

APIS = f"{V1}/apis"
KEYSTEAD = {"identifier": "keystead"}


def identifier(server: Served) -> str:
    """Return an identifier that no other test of this process has used."""
    return f"https://{server.unique('api').replace(' ', '-')}.example"


def catalogue(**resources: str) -> list[dict[str, Any]]:
    """Return one group of these resources, each with its actions' keys in one text."""
    found = [
        {"key": key.replace("_", "."), "actions": [{"key": action} for action in actions.split()]}
        for key, actions in resources.items()
    ]
    return [{"key": "all", "resources": found}] if found else []


def register(
    server: Served, *, token: str = "", scan: str = "create read", **more: object
) -> dict[str, Any]:
    """Register an API of the administrator's, with a resource `scan`, or as said."""
    wanted = {
        "identifier": identifier(server),
        "name": server.unique("API"),
        "groups": catalogue(scan=scan),
        **more,
    }
    return dict(ok(server.call("POST", APIS, wanted, token=token), 201))


def access(api: dict[str, Any], *scopes: str, **levels: str) -> dict[str, Any]:
    """Return access to an API as a credential's body has it."""
    return {"api": api["identifier"], "scopes": list(scopes), "levels": levels}


def give(server: Served, *entries: dict[str, Any], token: str = "", **more: object) -> Answer:
    """Ask for a token with this access."""
    wanted = {
        "kind": "api_token",
        "name": server.unique("token"),
        "expires_at": None,
        "access": list(entries),
        **more,
    }
    return server.call("POST", f"{V1}/credentials", wanted, token=token)


def given(
    server: Served, *entries: dict[str, Any], token: str = "", **more: object
) -> tuple[str, dict[str, Any]]:
    """Make a token with this access; return its text and its record."""
    made = ok(give(server, *entries, token=token, **more), 201)
    return made["secret"], made["credential"]


def edit(server: Served, api: dict[str, Any], token: str = "", **change: object) -> dict[str, Any]:
    """Change an API; return what was answered."""
    return dict(ok(server.call("PATCH", f"{APIS}/{api['id']}", change, token=token)))


def entry_of(server: Served, api: dict[str, Any], verb: str) -> dict[str, Any]:
    """Return what the newest entry of an allowed act tells about an API."""
    found = ok(server.call("GET", f"{V1}/audit/events?object={api['id']}"))["items"]
    entries = [dict(e) for e in found if e["verb"] == verb and e["decision"] == "allowed"]
    return entries[-1]
