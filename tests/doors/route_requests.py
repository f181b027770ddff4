"""For each route a request that succeeds for whoever may send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from keystead.api.routes import Route
from tests.doors.cast import ALL, V1, application, ok, path_of
from tests.doors.importing import IMPORT, item, old_token
from tests.doors.registering import identifier, register

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import Served

__all__ = ["REQUESTS", "Request", "Stage", "name_of", "requested"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to a route, whatever is presented."""

    path: str
    body: object = None


@dataclass(slots=True)
class Stage:
    """Where requests find what they are about.

    Attributes:
        server: the server that is asked.
        owner_id: whose it shall be besides the administrator's; "" is nobody's.
    """

    server: Served
    owner_id: str = ""

    def issue(self, *scopes: str, **more: object) -> tuple[str, str]:
        """Issue a token, with every scope if none is named; return its text and its id."""
        if self.owner_id:
            more.setdefault("owner_id", self.owner_id)
        text, record = self.server.token(*(scopes or ALL), **more)
        return text, record["id"]

    def folder(self) -> dict[str, Any]:
        """Make a folder; whoever's it shall be is its manager."""
        grants = [{"owner_id": self.owner_id, "right": "manager"}] if self.owner_id else []
        return self.server.folder(grants=grants)

    def account(self) -> dict[str, Any]:
        """Make an account in a folder of its own."""
        return self.server.account(self.folder()["id"])

    def owner(self) -> str:
        """Return the owner himself, or add one."""
        return self.owner_id or str(application(self.server)["id"])

    def group(self) -> str:
        """Make a group with the owner in it."""
        wanted = {"name": self.server.unique("group"), "members": [self.owner()]}
        return str(ok(self.server.call("POST", f"{V1}/groups", wanted), 201)["id"])

    def api(self) -> str:
        """Register an API of the owner's."""
        more = {"owner_id": self.owner_id} if self.owner_id else {}
        return str(register(self.server, **more)["id"])


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def _on_credential(scope: str, suffix: str = "", body: object = None) -> Callable[[Stage], Request]:
    def make(stage: Stage) -> Request:
        # It holds the one scope that the right credential holds too, so that it is no more than that; and it
        # is a key, so that whatever manages keys reaches it too.
        _, id_ = stage.issue(scope, kind="api_key")
        return Request(f"{V1}/credentials/{id_}{suffix}", body)

    return make


def _on_account(suffix: str = "", body: object = None) -> Callable[[Stage], Request]:
    return lambda stage: Request(f"{V1}/accounts/{stage.account()['id']}{suffix}", body)


def _on_folder(body: object = None) -> Callable[[Stage], Request]:
    return lambda stage: Request(f"{V1}/folders/{stage.folder()['id']}", body)


def _on_owner(body: object = None) -> Callable[[Stage], Request]:
    return lambda stage: Request(f"{V1}/owners/{stage.owner()}", body)


def _on_group(body: object = None) -> Callable[[Stage], Request]:
    return lambda stage: Request(f"{V1}/groups/{stage.group()}", body)


def _on_api(body: object = None) -> Callable[[Stage], Request]:
    return lambda stage: Request(f"{V1}/apis/{stage.api()}", body)


def _at(path: str, body: object = None) -> Callable[[Stage], Request]:
    return lambda _: Request(path, body)


def _new_credential(stage: Stage) -> Request:
    wanted = {"kind": "api_key", "name": stage.server.unique("issued"), "expires_at": None}
    return Request(f"{V1}/credentials", {**wanted, "scopes": ["credentials:create"]})


def _import(stage: Stage) -> Request:
    wanted = item(stage.server, old_token(), scopes=["credentials:create"])
    return Request(IMPORT, {"items": [wanted]})


def _by_path(stage: Stage) -> Request:
    folder = stage.folder()
    account = stage.server.account(folder["id"])
    return Request(f"{V1}/secrets/{path_of(folder['name'], account['name'])}")


REQUESTS: Final[dict[str, Callable[[Stage], Request]]] = {
    "GET /api/": _at("/api/"),
    "GET /api/v1/whoami": _at(f"{V1}/whoami"),
    "GET /api/v1/credentials": _at(f"{V1}/credentials"),
    "POST /api/v1/credentials": _new_credential,
    "GET /api/v1/credentials/summary": _at(f"{V1}/credentials/summary"),
    "GET /api/v1/credentials/{id}": _on_credential(
        "credentials:read",
    ),
    "PATCH /api/v1/credentials/{id}": _on_credential(
        "credentials:edit", body={"description": "changed"}
    ),
    "DELETE /api/v1/credentials/{id}": _on_credential(
        "credentials:delete",
    ),
    "POST /api/v1/credentials/{id}/rotate": _on_credential(
        "credentials:rotate", "/rotate", {"overlap_seconds": 60}
    ),
    "POST /api/v1/credentials/{id}/refresh": _on_credential("credentials:rotate", "/refresh"),
    "POST /api/v1/credentials/{id}/revoke": _on_credential("credentials:revoke", "/revoke"),
    "POST /api/v1/credentials/{id}/disable": _on_credential("credentials:revoke", "/disable"),
    "POST /api/v1/credentials/{id}/enable": _on_credential("credentials:revoke", "/enable"),
    "GET /api/v1/credentials/{id}/usage": _on_credential("credentials:read", "/usage"),
    "GET /api/v1/credentials/{id}/secrets": _on_credential("credentials:read", "/secrets"),
    "POST /api/v1/import/legacy-digests": _import,
    "POST /api/v1/self/rotate": _at(f"{V1}/self/rotate"),
    "POST /api/v1/self/revoke": _at(f"{V1}/self/revoke"),
    "POST /api/v1/self/password": lambda stage: Request(
        f"{V1}/self/password",
        {"current": stage.server.admin_password, "new": "nine troubled waters"},
    ),
    "GET /api/v1/owners": _at(f"{V1}/owners"),
    "POST /api/v1/owners": lambda stage: Request(
        f"{V1}/owners", {"kind": "application", "name": stage.server.unique("made")}
    ),
    "GET /api/v1/owners/{id}": _on_owner(),
    "PATCH /api/v1/owners/{id}": _on_owner({"email": "a@example.com"}),
    "GET /api/v1/roles": _at(f"{V1}/roles"),
    "GET /api/v1/groups": _at(f"{V1}/groups"),
    "POST /api/v1/groups": lambda stage: Request(
        f"{V1}/groups", {"name": stage.server.unique("made")}
    ),
    "GET /api/v1/groups/{id}": _on_group(),
    "PATCH /api/v1/groups/{id}": _on_group({"members": []}),
    "DELETE /api/v1/groups/{id}": _on_group(),
    "GET /api/v1/apis": _at(f"{V1}/apis"),
    "POST /api/v1/apis": lambda stage: Request(
        f"{V1}/apis", {"identifier": identifier(stage.server), "name": "made"}
    ),
    "GET /api/v1/apis/{id}": _on_api(),
    "PATCH /api/v1/apis/{id}": _on_api({"groups": []}),
    "DELETE /api/v1/apis/{id}": _on_api(),
    "GET /api/v1/folders": _at(f"{V1}/folders"),
    "POST /api/v1/folders": lambda stage: Request(
        f"{V1}/folders", {"name": stage.server.unique("made")}
    ),
    "GET /api/v1/folders/{id}": _on_folder(),
    "PATCH /api/v1/folders/{id}": lambda stage: Request(
        f"{V1}/folders/{stage.folder()['id']}", {"name": stage.server.unique("renamed")}
    ),
    "DELETE /api/v1/folders/{id}": _on_folder(),
    "GET /api/v1/accounts": _at(f"{V1}/accounts"),
    "POST /api/v1/accounts": lambda stage: Request(
        f"{V1}/accounts",
        {"folder_id": stage.folder()["id"], "name": "made", "fields": {"password": "p"}},
    ),
    "GET /api/v1/accounts/{id}": _on_account(),
    "PATCH /api/v1/accounts/{id}": _on_account(body={"notes": "changed"}),
    "DELETE /api/v1/accounts/{id}": _on_account(),
    "GET /api/v1/accounts/{id}/versions": _on_account("/versions"),
    "GET /api/v1/accounts/{id}/secret": _on_account("/secret"),
    "PUT /api/v1/accounts/{id}/secret": _on_account("/secret", {"fields": {"password": "q"}}),
    "GET /api/v1/secrets/{path:path}": _by_path,
    "POST /api/v1/verify": _at(f"{V1}/verify", {"token": "nonsense", "audience": "keystead"}),
    "GET /api/v1/settings": _at(f"{V1}/settings"),
    # As it is already, so that other tests of the same server are not bound by it.
    "PATCH /api/v1/settings": _at(f"{V1}/settings", {"allow_never": True}),
    "GET /api/v1/signing-keys": _at(f"{V1}/signing-keys"),
    "POST /api/v1/signing-keys/rotate": _at(f"{V1}/signing-keys/rotate", {"algorithm": "ES256"}),
    "GET /api/v1/audit/events": _at(f"{V1}/audit/events"),
    "GET /api/v1/audit/export": _at(f"{V1}/audit/export"),
    "GET /api/v1/audit/verify": _at(f"{V1}/audit/verify"),
}
"""In the order of the routes; a route that is missing here fails the test below."""


def requested(route: Route, stage: Stage) -> Request:
    """Return the request of a route, with all that it needs in its place."""
    return REQUESTS[name_of(route)](stage)
