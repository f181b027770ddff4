"""An issuer with a path, before which a proxy stands as the guide says: what is named is found there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import pytest

from tests.doors.cast import V1, ok
from tests.oauth.asking import FORM, GRANT, client
from tests.oauth.nginx import ISSUER, beneath_a_path, shown_locations
from tests.oauth.rounds import whole_round
from tests.oauth.signing import proof_of, signing
from tests.running import send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.running import Answer, Server

WELL_KNOWN = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"


class Proxied(NamedTuple):
    """A server, the proxy's own URL, and the issuer beneath it."""

    server: Server
    origin: str
    issuer: str

    def get(self, path: str, method: str = "GET", token: str | None = None) -> Answer:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return send(self.origin, method, path, None, headers)

    def post(self, url: str, pairs: list[tuple[str, str]], authorization: str = "") -> Answer:
        headers = {"Content-Type": FORM}
        if authorization:
            headers["Authorization"] = authorization
        path = url.removeprefix(self.origin)
        return send(self.origin, "POST", path, urlencode(pairs).encode(), headers)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    with beneath_a_path(tmp_path_factory.mktemp("proxied")) as (server, issuer):
        yield Proxied(server, issuer.removesuffix("/eu"), issuer)


def test_the_documents_stand_where_the_path_is_inserted(proxied: Proxied) -> None:
    found = ok(proxied.get(f"{WELL_KNOWN}/eu"))
    assert found["issuer"] == proxied.issuer
    assert found["token_endpoint"] == f"{proxied.issuer}/oauth/token"
    assert ok(proxied.get(f"{RESOURCE}/eu"))["resource"] == proxied.issuer
    for other in (WELL_KNOWN, RESOURCE, f"/eu{WELL_KNOWN}", f"/eu{RESOURCE}", f"{WELL_KNOWN}/eu/"):
        assert proxied.get(other).status == 404, other


def test_a_client_that_knows_the_issuer_alone_does_its_whole_round(proxied: Proxied) -> None:
    server = proxied.server
    origin, _, path = proxied.issuer.rpartition("/")
    metadata = ok(send(origin, "GET", f"{WELL_KNOWN}/{path}"))
    made, by = client(server, "accounts:list"), client(server, "tokens:verify")
    answer = proxied.post(
        metadata["token_endpoint"], [GRANT, ("resource", proxied.issuer)], made.basic
    )
    token = ok(answer)["access_token"]
    assert answer.headers["cache-control"] == "no-store"
    assert proxied.get("/eu/api/v1/accounts", token=token).status == 200
    shown = [("token", token)]
    told = ok(proxied.post(metadata["introspection_endpoint"], shown, by.basic))
    assert (told["active"], told["iss"], told["aud"]) == (True, proxied.issuer, proxied.issuer)
    assert proxied.post(metadata["revocation_endpoint"], shown, made.basic).status == 200
    assert ok(proxied.post(metadata["introspection_endpoint"], shown, by.basic)) == {
        "active": False
    }
    keys = proxied.get(metadata["jwks_uri"].removeprefix(proxied.origin))
    assert {key["alg"] for key in ok(keys)["keys"]} == {"ES256", "EdDSA", "RS256"}
    again = send(
        proxied.origin,
        "GET",
        metadata["jwks_uri"].removeprefix(proxied.origin),
        None,
        {"If-None-Match": keys.headers["etag"]},
    )
    assert again.status == 304


def test_an_assertion_names_the_issuer_with_its_path(proxied: Proxied) -> None:
    made = signing(proxied.server, "accounts:list")
    endpoint = f"{proxied.issuer}/oauth/token"
    for audience, status in ((proxied.issuer, 200), (proxied.origin, 401), (endpoint, 401)):
        proof = proof_of(made.assertion(aud=audience))
        assert proxied.post(endpoint, [GRANT, *proof]).status == status, audience


def test_refusals_come_through_as_they_are(proxied: Proxied) -> None:
    wrong = proxied.get("/eu/oauth/token")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    nobody = proxied.post(f"{proxied.issuer}/oauth/token", [GRANT])
    assert nobody.status == 401
    assert nobody.headers["www-authenticate"] == 'Basic realm="keystead", charset="UTF-8"'
    long = proxied.post(f"{proxied.issuer}/oauth/token", [GRANT, ("x", "y" * 60_000)])
    assert (long.status, long.json()["error"]) == (413, "invalid_request")


def test_clients_that_others_wrote_find_all_by_the_issuer(proxied: Proxied) -> None:
    whole_round(proxied.server, proxied.issuer)


def test_the_guide_shows_the_path_of_its_issuer(proxied: Proxied) -> None:
    path = ISSUER.removeprefix("https://keys.example.com")
    assert shown_locations().count(path) == 3
    assert ok(proxied.server.call("GET", f"{V1}/whoami"))
