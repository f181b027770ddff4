"""What an access token gives on: the scopes it holds of a registered API, and no level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.doors.cast import problem
from tests.doors.registering import KEYSTEAD, access, catalogue, edit, give, register
from tests.oauth.asking import exchanged, key

if TYPE_CHECKING:
    from tests.running import Server


def test_a_minted_token_gives_scopes_of_its_own_day_and_no_level(server: Server) -> None:
    api = register(server, groups=catalogue(scan="read list create"))
    entries = [access(KEYSTEAD, "credentials:create"), access(api, scan="write")]
    parent = key(server, access=entries)
    wanted = [("resource", server.url), ("resource", api["identifier"])]
    token = exchanged(server, parent, wanted)

    def given(*scopes: str, bearer: str = token, **levels: str) -> int:
        soon = server.call("GET", "/api/v1/whoami", token=token).json()["expires_at"]
        answer = give(server, access(api, *scopes, **levels), token=bearer, expires_at=soon)
        return answer.status if answer.status == 201 else problem(answer)[0]

    assert given("scan:read", "scan:create") == 201
    assert given(scan="read") == 403, "a level grows, and what was minted does not"
    assert given(scan="read", bearer=parent.secret) == 201
    edit(server, api, groups=catalogue(scan="read list create edit"))
    assert given("scan:edit") == 403
    assert given("scan:edit", bearer=parent.secret) == 201
    edit(server, api, groups=catalogue(scan="read"))
    assert given("scan:read") == 201
    edit(server, api, groups=catalogue(scan="create"))
    assert given("scan:create") == 201, "it is back, as far as it was minted"
